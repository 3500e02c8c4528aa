import { defineSchema } from "convex/server";

import { authenticationTables } from "./tables/auth.ts";
import { cartTables } from "./tables/carts.ts";
import { catalogTables } from "./tables/catalog.ts";
import { checkoutTables } from "./tables/checkouts.ts";
import { counterTables } from "./tables/counters.ts";
import { holdTables } from "./tables/holds.ts";
import { operationsTables } from "./tables/operations.ts";
import { orderTables } from "./tables/orders.ts";
import { outboxTables } from "./tables/outbox.ts";
import { paymentTables } from "./tables/payments.ts";
import { reviewTables } from "./tables/reviews.ts";
import { settingsTables } from "./tables/settings.ts";
import { stockTables } from "./tables/stock.ts";
import { usersTables } from "./tables/users.ts";
import { webhookTables } from "./tables/webhooks.ts";

export default defineSchema({
  ...authenticationTables,
  ...usersTables,
  ...catalogTables,
  ...stockTables,
  ...cartTables,
  ...reviewTables,
  ...settingsTables,
  ...operationsTables,
  ...checkoutTables,
  ...holdTables,
  ...orderTables,
  ...paymentTables,
  ...outboxTables,
  ...webhookTables,
  ...counterTables,
});
