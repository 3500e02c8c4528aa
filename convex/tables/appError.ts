import { v } from "convex/values";
import type { Validator } from "convex/values";

import type { AppError, Subject } from "../domain/errors.ts";
import type { Permission } from "../domain/permissions.ts";
import { PERMISSIONS } from "../domain/permissions.ts";
import { vMoney } from "./money.ts";

export const vPermission: Validator<Permission> = v.union(
  ...PERMISSIONS.map((permission) => v.literal(permission)),
);

const vSubject: Validator<Subject> = v.union(
  v.literal("product"),
  v.literal("variant"),
  v.literal("category"),
  v.literal("cartLine"),
  v.literal("order"),
  v.literal("payment"),
  v.literal("user"),
  v.literal("review"),
  v.literal("page"),
);

/** An error as a value, for functions that list several problems instead of throwing the first. */
export const vAppError = v.union(
  v.object({ code: v.literal("NOT_FOUND"), what: vSubject }),
  v.object({ code: v.literal("NOT_SIGNED_IN") }),
  v.object({ code: v.literal("FORBIDDEN"), permission: v.union(vPermission, v.null()) }),
  v.object({ code: v.literal("ACCOUNT_DEACTIVATED") }),
  v.object({ code: v.literal("SESSION_ENDED") }),
  v.object({ code: v.literal("INVALID_CREDENTIALS") }),
  v.object({ code: v.literal("EMAIL_TAKEN") }),
  v.object({
    code: v.literal("WEAK_PASSWORD"),
    reason: v.union(v.literal("short"), v.literal("long"), v.literal("common")),
    min: v.number(),
  }),
  v.object({ code: v.literal("RATE_LIMITED"), retryAfterMs: v.number() }),
  v.object({ code: v.literal("INVALID_INPUT"), field: v.string(), reason: v.string() }),
  v.object({
    code: v.literal("OUT_OF_STOCK"),
    sku: v.string(),
    name: v.string(),
    available: v.number(),
  }),
  v.object({ code: v.literal("QUANTITY_LIMIT"), max: v.number() }),
  v.object({ code: v.literal("CART_EMPTY") }),
  v.object({ code: v.literal("CART_CHANGED") }),
  v.object({ code: v.literal("LINE_UNAVAILABLE"), name: v.string() }),
  v.object({ code: v.literal("QUOTE_STALE") }),
  v.object({
    code: v.literal("PRICE_CHANGED"),
    name: v.string(),
    was: vMoney,
    now: vMoney,
  }),
  v.object({ code: v.literal("HOLD_LAPSED") }),
  v.object({ code: v.literal("PAYMENT_DECLINED"), reason: v.string() }),
  v.object({ code: v.literal("PAYMENT_PENDING"), reason: v.string() }),
  v.object({ code: v.literal("PAYMENT_UNAVAILABLE") }),
  v.object({ code: v.literal("PAYMENT_MISMATCH") }),
  v.object({ code: v.literal("ORDER_NOT_PAYABLE") }),
  v.object({ code: v.literal("ORDER_TRANSITION"), from: v.string(), to: v.string() }),
  v.object({ code: v.literal("CONFLICT_STALE"), expected: v.string(), actual: v.string() }),
) satisfies Validator<AppError, "required", string>;
