import { Migrations } from "@convex-dev/migrations";

import { components, internal } from "../_generated/api";
import type { DataModel } from "../_generated/dataModel";
import { internalMutation } from "../lib/functions.ts";
import * as OrderTotals from "../model/orderTotals.ts";

/**
 * Changes of data that older versions wrote, in batches while the shop is open. Each runs once;
 * every start of the shop asks for all of them.
 */
const migrations = new Migrations<DataModel>(components.migrations, { internalMutation });

/** Orders from before there were totals. */
export const countOrders = migrations.define({
  table: "orders",
  migrateOne: (ctx, order) => OrderTotals.add(ctx, order),
});

// The library's type leaves `undefined` out of its optional arguments, its validators do not.
type Series = Extract<NonNullable<Parameters<typeof migrations.runner>[0]>, readonly unknown[]>;

/** Runs what has not run yet, in this order. */
export const run = migrations.runner([
  internal.jobs.migrations.countOrders as unknown as Series[number],
]);
