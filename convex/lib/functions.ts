import {
  customAction,
  customCtx,
  customMutation,
  customQuery,
} from "convex-helpers/server/customFunctions";
import type { RegisteredAction, RegisteredMutation, RegisteredQuery } from "convex/server";
import type { GenericValidator, Infer, ObjectType, PropertyValidators } from "convex/values";

import { internal } from "../_generated/api";
import type { ActionCtx, MutationCtx, QueryCtx } from "../_generated/server";
import {
  action,
  internalAction,
  internalMutation,
  internalQuery,
  mutation,
  query,
} from "../_generated/server";
import type { Permission } from "../domain/permissions.ts";
import type { Access } from "./access.ts";
import { withAccess } from "./access.ts";
import type { AuditRecord, AuditTrail } from "./audit.ts";
import { writeAuditEntries } from "./audit.ts";
import { appError } from "./errors.ts";
import type { Viewer, ViewerSummary } from "./viewer.ts";
import { findViewer, requireAccount, requireStaff, requireViewer } from "./viewer.ts";

export { internalAction, internalMutation, internalQuery };

type Definition<Ctx, Args extends PropertyValidators, Returns extends GenericValidator> = {
  args: Args;
  returns: Returns;
  handler: (ctx: Ctx, args: ObjectType<Args>) => Promise<Infer<Returns>> | Infer<Returns>;
};

/** A query builder that insists on validators for what goes in and what comes out. */
type QueryBuilder<Ctx, Extra = unknown> = <
  Args extends PropertyValidators,
  Returns extends GenericValidator,
>(
  definition: Definition<Ctx, Args, Returns> & Extra,
) => RegisteredQuery<"public", ObjectType<Args>, Promise<Infer<Returns>>>;

type MutationBuilder<Ctx, Extra = unknown> = <
  Args extends PropertyValidators,
  Returns extends GenericValidator,
>(
  definition: Definition<Ctx, Args, Returns> & Extra,
) => RegisteredMutation<"public", ObjectType<Args>, Promise<Infer<Returns>>>;

type ActionBuilder<Ctx, Extra = unknown> = <
  Args extends PropertyValidators,
  Returns extends GenericValidator,
>(
  definition: Definition<Ctx, Args, Returns> & Extra,
) => RegisteredAction<"public", ObjectType<Args>, Promise<Infer<Returns>>>;

type PublicQueryCtx = Omit<QueryCtx, "auth">;

export type ViewerQueryCtx = QueryCtx & { viewer: Viewer };
export type ViewerMutationCtx = MutationCtx & { viewer: Viewer };
export type ViewerActionCtx = ActionCtx & { viewer: ViewerSummary };
export type StaffMutationCtx = ViewerMutationCtx & { audit: AuditTrail };

type WithPermission = { permission: Permission };

/** For everybody alike. It has no `ctx.auth`, so that all visitors share one cached result. */
export const publicQuery = marked<QueryBuilder<PublicQueryCtx>>(
  { level: "public" },
  customQuery(
    query,
    customCtx<QueryCtx, { auth: undefined }>(() => ({ auth: undefined })),
  ),
);

/** For everybody; who calls is for the handler to find out. */
export const publicAction = marked<ActionBuilder<ActionCtx>>({ level: "public" }, action);

/** For everybody; `ctx.viewer` is null for a stranger, an ended session, a deactivated account. */
export const visitorQuery = marked<QueryBuilder<QueryCtx & { viewer: Viewer | null }>>(
  { level: "visitor" },
  customQuery(
    query,
    customCtx(async (ctx: QueryCtx) => ({ viewer: await findViewer(ctx) })),
  ),
);

/** For every browser with an identity: guests and accounts. */
export const guestQuery = marked<QueryBuilder<ViewerQueryCtx>>(
  { level: "guest" },
  customQuery(
    query,
    customCtx(async (ctx: QueryCtx) => ({ viewer: await requireViewer(ctx) })),
  ),
);

export const guestMutation = marked<MutationBuilder<ViewerMutationCtx>>(
  { level: "guest" },
  customMutation(
    mutation,
    customCtx(async (ctx: MutationCtx) => ({ viewer: await requireViewer(ctx) })),
  ),
);

export const guestAction = marked<ActionBuilder<ViewerActionCtx>>(
  { level: "guest" },
  customAction(
    action,
    customCtx(async (ctx: ActionCtx) => ({ viewer: await loadViewer(ctx) })),
  ),
);

/** For accounts. */
export const userQuery = marked<QueryBuilder<ViewerQueryCtx>>(
  { level: "user" },
  customQuery(
    query,
    customCtx(async (ctx: QueryCtx) => ({ viewer: await requireAccount(ctx) })),
  ),
);

export const userMutation = marked<MutationBuilder<ViewerMutationCtx>>(
  { level: "user" },
  customMutation(
    mutation,
    customCtx(async (ctx: MutationCtx) => ({ viewer: await requireAccount(ctx) })),
  ),
);

export const userAction = marked<ActionBuilder<ViewerActionCtx>>(
  { level: "user" },
  customAction(
    action,
    customCtx(async (ctx: ActionCtx) => {
      const viewer = await loadViewer(ctx);
      if (viewer.kind !== "account") throw appError({ code: "NOT_SIGNED_IN" });
      return { viewer };
    }),
  ),
);

/** For staff whose role has `permission`. */
export const staffQuery = markedForStaff<QueryBuilder<ViewerQueryCtx, WithPermission>>(
  customQuery(
    query,
    customCtx(async (ctx: QueryCtx, { permission }: WithPermission) => ({
      viewer: await requireStaff(ctx, permission),
    })),
  ),
);

/**
 * For staff whose role has `permission`. What the handler gives to `ctx.audit.record` becomes
 * entries of the audit log, named `action`, in the same transaction; a handler that records
 * nothing has changed nothing.
 */
export const staffMutation = markedForStaff<
  MutationBuilder<StaffMutationCtx, WithPermission & { action: string }>
>(
  customMutation(mutation, {
    args: {},
    input: async (ctx: MutationCtx, _args, options: WithPermission & { action: string }) => {
      const viewer = await requireStaff(ctx, options.permission);
      const records: AuditRecord[] = [];
      const audit: AuditTrail = { record: (entry) => void records.push(entry) };
      return {
        ctx: { viewer, audit },
        args: {},
        onSuccess: () => writeAuditEntries(ctx, { ...options, viewer, records }),
      };
    },
  }),
);

async function loadViewer(ctx: ActionCtx): Promise<ViewerSummary> {
  return await ctx.runQuery(internal.jobs.sessions.viewer, {});
}

type AnyBuilder = (definition: never) => object;

/**
 * Gives a custom builder of convex-helpers the narrower type of ours, in which neither validators
 * nor the permission can be left out, and marks what it registers with its access.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- names the narrower type
function marked<Builder extends AnyBuilder>(access: Access, builder: unknown): Builder {
  const register = builder as AnyBuilder;
  return ((definition: never) => withAccess(register(definition), access)) as Builder;
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- names the narrower type
function markedForStaff<Builder extends AnyBuilder>(builder: unknown): Builder {
  const register = builder as AnyBuilder;
  return ((definition: never) => {
    const { permission }: WithPermission = definition;
    return withAccess(register(definition), { level: "staff", permission });
  }) as Builder;
}
