import * as z from "zod";

import { minorUnits, parseAmount } from "./amounts.ts";
import { vPurchaseUnit, type Order, type PurchaseUnit } from "./ledger.ts";
import type { PayPalProblem, ProblemDetail } from "./problems.ts";

type Describe = (
  status: 400 | 422,
  candidates: string[],
  place: Partial<ProblemDetail>,
) => PayPalProblem;

const vPatch = z.array(
  z.object({
    op: z.string(),
    path: z.string().optional(),
    value: z.unknown().optional(),
    from: z.string().optional(),
  }),
);

type Patch = z.infer<typeof vPatch>[number];

/** Members of a purchase unit that PayPal lets a caller patch, and how. */
const PATCHABLE: ReadonlyMap<string, readonly string[]> = new Map([
  ["amount", ["replace"]],
  ["custom_id", ["add", "replace", "remove"]],
  ["description", ["add", "replace", "remove"]],
  ["invoice_id", ["add", "replace", "remove"]],
  ["items", ["replace"]],
  ["payee/email_address", ["replace"]],
  ["shipping/address", ["add", "replace"]],
  ["shipping/name", ["add", "replace"]],
  ["shipping/options", ["add", "replace"]],
  ["shipping/type", ["add", "replace"]],
  ["soft_descriptor", ["add", "replace", "remove"]],
]);

/**
 * The purchase units of an order after JSON patches in PayPal's dialect
 * (`/purchase_units/@reference_id=='default'/amount`).
 * @throws what `describe` makes of the first patch that PayPal would refuse
 */
export function applyPatch(order: Order, body: unknown, describe: Describe): PurchaseUnit[] {
  let units = order.units;
  for (const patch of vPatch.parse(body)) units = applyOne(order, units, patch, describe);
  return units;
}

function applyOne(
  order: Order,
  units: readonly PurchaseUnit[],
  patch: Patch,
  describe: Describe,
): PurchaseUnit[] {
  const { path, op } = patch;
  if (path === undefined) throw describe(422, ["PATCH_PATH_REQUIRED"], { field: "/path" });
  const place = { field: path };
  const [, referenceId, member] =
    /^\/purchase_units\/@reference_id=='([^']{1,256})'(?:\/(.+))?$/.exec(path) ?? [];
  if (referenceId === undefined) {
    const isPointer = path.startsWith("/") && !path.startsWith("/purchase_units/");
    throw describe(422, [isPointer ? "NOT_PATCHABLE" : "INVALID_JSON_POINTER_FORMAT"], place);
  }
  const index = units.findIndex((unit) => unit.reference_id === referenceId);
  const unit = units[index];
  if (unit === undefined) throw describe(422, ["REFERENCE_ID_NOT_FOUND"], place);
  if (patch.value === undefined && op !== "remove") {
    throw describe(422, ["PATCH_VALUE_REQUIRED"], place);
  }
  const patched = patchUnit(unit, member, patch, describe);
  if (order.status === "APPROVED" && changesAmount(unit, patched)) {
    throw describe(422, ["AMOUNT_CHANGE_NOT_ALLOWED"], place);
  }
  return units.map((each, position) => (position === index ? patched : each));
}

function patchUnit(
  unit: PurchaseUnit,
  member: string | undefined,
  patch: Patch,
  describe: Describe,
): PurchaseUnit {
  const place = { field: patch.path ?? "" };
  if (member === undefined) {
    if (patch.op !== "replace") throw describe(400, ["INVALID_PATCH_OPERATION"], place);
    return parseUnit(patch.value, describe, place);
  }
  const operations = PATCHABLE.get(member);
  if (operations === undefined) throw describe(400, ["FIELD_NOT_PATCHABLE"], place);
  if (!operations.includes(patch.op)) throw describe(400, ["INVALID_PATCH_OPERATION"], place);
  const [outer = member, inner] = member.split("/");
  const holder = inner === undefined ? unit : z.looseObject({}).parse(unit[outer] ?? {});
  const name = inner ?? outer;
  if (patch.op !== "add" && holder[name] === undefined) {
    throw describe(400, ["INVALID_PATCH_OPERATION"], place);
  }
  const changed = Object.fromEntries(
    Object.entries({ ...holder, [name]: patch.value }).filter(([, value]) => value !== undefined),
  );
  return parseUnit(inner === undefined ? changed : { ...unit, [outer]: changed }, describe, place);
}

function parseUnit(value: unknown, describe: Describe, place: { field: string }): PurchaseUnit {
  const parsed = vPurchaseUnit.safeParse(value);
  if (!parsed.success) throw describe(400, ["INVALID_PARAMETER_SYNTAX"], place);
  return parsed.data;
}

function changesAmount(before: PurchaseUnit, after: PurchaseUnit): boolean {
  return (
    before.amount.currency_code !== after.amount.currency_code ||
    parseAmount(after.amount) !== minorUnits(before.amount)
  );
}
