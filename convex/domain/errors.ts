import type { Money } from "./money.ts";
import type { Permission } from "./permissions.ts";

/** What can be looked up and not be there. */
export type Subject =
  | "product"
  | "variant"
  | "category"
  | "cartLine"
  | "order"
  | "payment"
  | "user"
  | "review"
  | "page";

/**
 * Everything that the shop says no with. It carries data and never a sentence: the page chooses
 * the words by `code` and fills them with the other fields. Durations are in milliseconds.
 */
export type AppError =
  | { code: "NOT_FOUND"; what: Subject }
  | { code: "NOT_SIGNED_IN" }
  | { code: "FORBIDDEN"; permission: Permission | null }
  | { code: "ACCOUNT_DEACTIVATED" }
  | { code: "SESSION_ENDED" }
  | { code: "INVALID_CREDENTIALS" }
  | { code: "EMAIL_TAKEN" }
  | { code: "WEAK_PASSWORD"; reason: "short" | "long" | "common"; min: number }
  | { code: "RATE_LIMITED"; retryAfterMs: number }
  | { code: "INVALID_INPUT"; field: string; reason: string }
  | { code: "OUT_OF_STOCK"; sku: string; name: string; available: number }
  | { code: "QUANTITY_LIMIT"; max: number }
  | { code: "CART_EMPTY" }
  | { code: "CART_CHANGED" }
  | { code: "LINE_UNAVAILABLE"; name: string }
  | { code: "QUOTE_STALE" }
  | { code: "PRICE_CHANGED"; name: string; was: Money; now: Money }
  | { code: "HOLD_LAPSED" }
  | { code: "PAYMENT_DECLINED"; reason: string }
  | { code: "PAYMENT_PENDING"; reason: string }
  | { code: "PAYMENT_UNAVAILABLE" }
  | { code: "PAYMENT_MISMATCH" }
  | { code: "ORDER_NOT_PAYABLE" }
  | { code: "ORDER_TRANSITION"; from: string; to: string }
  | { code: "CONFLICT_STALE"; expected: string; actual: string };

export type AppErrorCode = AppError["code"];

export type AppErrorOf<Code extends AppErrorCode> = Extract<AppError, { code: Code }>;
