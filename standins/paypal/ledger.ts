import * as z from "zod";

import { Journal } from "../journal.ts";
import { Table } from "../table.ts";

const vMoney = z.object({ currency_code: z.string(), value: z.string() });

const vBreakdown = z.object({
  item_total: vMoney.optional(),
  shipping: vMoney.optional(),
  handling: vMoney.optional(),
  tax_total: vMoney.optional(),
  insurance: vMoney.optional(),
  shipping_discount: vMoney.optional(),
  discount: vMoney.optional(),
});

const vItem = z.looseObject({
  name: z.string(),
  quantity: z.string(),
  unit_amount: vMoney,
  tax: vMoney.optional(),
  sku: z.string().optional(),
  category: z.string().optional(),
});

/** A purchase unit as the contract lets it through; other documented members are kept as they are. */
export const vPurchaseUnit = z.looseObject({
  reference_id: z.string().default("default"),
  amount: vMoney.extend({ breakdown: vBreakdown.optional() }),
  payee: z
    .looseObject({ email_address: z.string().optional(), merchant_id: z.string().optional() })
    .optional(),
  custom_id: z.string().optional(),
  invoice_id: z.string().optional(),
  description: z.string().optional(),
  items: z.array(vItem).optional(),
  shipping: z.looseObject({}).optional(),
});

export type PurchaseUnit = z.infer<typeof vPurchaseUnit>;

/** What the buyer chose on the approval page to happen when the order is captured. */
export const vCapturePlan = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("complete") }),
  z.object({ kind: z.literal("decline"), issue: z.string() }),
  z.object({ kind: z.literal("pending"), reason: z.string() }),
  z.object({ kind: z.literal("deny") }),
]);

export type CapturePlan = z.infer<typeof vCapturePlan>;

const vExperience = z.looseObject({
  brand_name: z.string().optional(),
  return_url: z.string().optional(),
  cancel_url: z.string().optional(),
  shipping_preference: z.string().optional(),
  user_action: z.string().optional(),
});

const vOrder = z.object({
  id: z.string(),
  status: z.enum(["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED", "VOIDED", "COMPLETED"]),
  intent: z.literal("CAPTURE"),
  units: z.array(vPurchaseUnit),
  experience: vExperience.nullable(),
  hasPayPalSource: z.boolean(),
  plan: vCapturePlan.nullable(),
  captureIds: z.array(z.string()),
  captureAttempts: z.number(),
  cancelledAt: z.number().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
});

export type Order = z.infer<typeof vOrder>;

const vCapture = z.object({
  id: z.string(),
  orderId: z.string(),
  status: z.enum(["COMPLETED", "DECLINED", "PARTIALLY_REFUNDED", "PENDING", "REFUNDED"]),
  reason: z.string().nullable(),
  amount: vMoney,
  invoiceId: z.string().nullable(),
  customId: z.string().nullable(),
  refundIds: z.array(z.string()),
  isReversed: z.boolean(),
  createdAt: z.number(),
  updatedAt: z.number(),
});

export type Capture = z.infer<typeof vCapture>;

const vRefund = z.object({
  id: z.string(),
  captureId: z.string(),
  status: z.enum(["COMPLETED", "PENDING", "FAILED", "CANCELLED"]),
  reason: z.string().nullable(),
  amount: vMoney,
  invoiceId: z.string().nullable(),
  customId: z.string().nullable(),
  note: z.string().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
});

export type Refund = z.infer<typeof vRefund>;

const vDelivery = z.object({
  transmissionId: z.string(),
  at: z.number(),
  status: z.number().nullable(),
  error: z.string().nullable(),
});

const vEvent = z.object({
  id: z.string(),
  type: z.string(),
  /** The JSON text that is signed and sent, byte for byte. */
  body: z.string(),
  resourceId: z.string(),
  state: z.enum(["waiting", "delivered", "failed", "dropped"]),
  attempts: z.number(),
  deliveries: z.array(vDelivery),
  createdAt: z.number(),
});

export type WebhookEvent = z.infer<typeof vEvent>;

const vRequestRecord = z.object({
  /** Operation and PayPal-Request-Id. */
  key: z.string(),
  fingerprint: z.string(),
  outcome: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("resource"), id: z.string() }),
    z.object({
      kind: z.literal("problem"),
      status: z.literal(422),
      details: z.array(z.object({ issue: z.string(), description: z.string().optional() })),
    }),
  ]),
  expiresAt: z.number(),
});

export type RequestRecord = z.infer<typeof vRequestRecord>;

/** Everything the stand-in knows about money; bounded, and kept in the data file when there is one. */
export interface Ledger {
  readonly orders: Table<Order>;
  readonly captures: Table<Capture>;
  readonly refunds: Table<Refund>;
  readonly events: Table<WebhookEvent>;
  readonly requests: Table<RequestRecord>;
  /** Keys and tokens that have to stay the same across restarts. */
  readonly secrets: Table<{ name: string; value: string }>;
}

/** @param dataFile `null` keeps nothing across restarts. */
export function openLedger(dataFile: string | null): Ledger {
  const journal = new Journal(dataFile);
  const byId = (entry: { readonly id: string }) => entry.id;
  return {
    orders: new Table({ journal, name: "order", limit: 1_000, schema: vOrder, keyOf: byId }),
    captures: new Table({ journal, name: "capture", limit: 1_000, schema: vCapture, keyOf: byId }),
    refunds: new Table({ journal, name: "refund", limit: 1_000, schema: vRefund, keyOf: byId }),
    events: new Table({ journal, name: "event", limit: 2_000, schema: vEvent, keyOf: byId }),
    requests: new Table({
      journal,
      name: "request",
      limit: 4_000,
      schema: vRequestRecord,
      keyOf: (record) => record.key,
    }),
    secrets: new Table({
      journal,
      name: "secret",
      limit: 10,
      schema: z.object({ name: z.string(), value: z.string() }),
      keyOf: (secret) => secret.name,
    }),
  };
}
