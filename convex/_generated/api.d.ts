/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import type * as domain_delivery from "../domain/delivery.js";
import type * as domain_digest from "../domain/digest.js";
import type * as domain_errors from "../domain/errors.js";
import type * as domain_hold from "../domain/hold.js";
import type * as domain_money from "../domain/money.js";
import type * as domain_order from "../domain/order.js";
import type * as domain_orderNumber from "../domain/orderNumber.js";
import type * as domain_payment from "../domain/payment.js";
import type * as domain_permissions from "../domain/permissions.js";
import type * as domain_quote from "../domain/quote.js";
import type * as domain_requestContext from "../domain/requestContext.js";
import type * as domain_tax from "../domain/tax.js";
import type * as domain_tokenBucket from "../domain/tokenBucket.js";
import type * as jobs_sessions from "../jobs/sessions.js";
import type * as lib_access from "../lib/access.js";
import type * as lib_audit from "../lib/audit.js";
import type * as lib_env from "../lib/env.js";
import type * as lib_errors from "../lib/errors.js";
import type * as lib_functions from "../lib/functions.js";
import type * as lib_viewer from "../lib/viewer.js";
import type * as tables_appError from "../tables/appError.js";
import type * as tables_auth from "../tables/auth.js";
import type * as tables_carts from "../tables/carts.js";
import type * as tables_catalog from "../tables/catalog.js";
import type * as tables_money from "../tables/money.js";
import type * as tables_operations from "../tables/operations.js";
import type * as tables_reviews from "../tables/reviews.js";
import type * as tables_settings from "../tables/settings.js";
import type * as tables_stock from "../tables/stock.js";
import type * as tables_users from "../tables/users.js";

/**
 * A utility for referencing Convex functions in your app's API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
declare const fullApi: ApiFromModules<{
  "domain/delivery": typeof domain_delivery;
  "domain/digest": typeof domain_digest;
  "domain/errors": typeof domain_errors;
  "domain/hold": typeof domain_hold;
  "domain/money": typeof domain_money;
  "domain/order": typeof domain_order;
  "domain/orderNumber": typeof domain_orderNumber;
  "domain/payment": typeof domain_payment;
  "domain/permissions": typeof domain_permissions;
  "domain/quote": typeof domain_quote;
  "domain/requestContext": typeof domain_requestContext;
  "domain/tax": typeof domain_tax;
  "domain/tokenBucket": typeof domain_tokenBucket;
  "jobs/sessions": typeof jobs_sessions;
  "lib/access": typeof lib_access;
  "lib/audit": typeof lib_audit;
  "lib/env": typeof lib_env;
  "lib/errors": typeof lib_errors;
  "lib/functions": typeof lib_functions;
  "lib/viewer": typeof lib_viewer;
  "tables/appError": typeof tables_appError;
  "tables/auth": typeof tables_auth;
  "tables/carts": typeof tables_carts;
  "tables/catalog": typeof tables_catalog;
  "tables/money": typeof tables_money;
  "tables/operations": typeof tables_operations;
  "tables/reviews": typeof tables_reviews;
  "tables/settings": typeof tables_settings;
  "tables/stock": typeof tables_stock;
  "tables/users": typeof tables_users;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
