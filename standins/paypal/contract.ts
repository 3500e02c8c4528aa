import { Ajv2019, type ErrorObject, type ValidateFunction } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import * as z from "zod";

import ordersDocument from "./openapi/checkout_orders_v2.json" with { type: "json" };
import webhooksDocument from "./openapi/notifications_webhooks_v1.json" with { type: "json" };
import paymentsDocument from "./openapi/payments_payment_v2.json" with { type: "json" };
import {
  absolute,
  close,
  readOperation,
  resolve,
  vDocument,
  vJson,
  type ContractOperation,
  type Json,
  type Parameter,
} from "./openapi-document.ts";
import type { ProblemDetail } from "./problems.ts";

/** `operationId` of every operation that the stand-in answers. */
export type OperationId =
  | "orders.create"
  | "orders.get"
  | "orders.patch"
  | "orders.capture"
  | "captures.get"
  | "captures.refund"
  | "refunds.get"
  | "webhooks.list"
  | "webhooks.get"
  | "webhooks-events.list"
  | "webhooks-events.get"
  | "webhooks-events.resend"
  | "verify-webhook-signature.post";

/**
 * PayPal's OpenAPI documents as judge of both sides: what a request may hold, and what an answer must
 * look like. Members that the documents don't know are errors in both directions.
 */
export class Contract {
  readonly #ajv: Ajv2019;
  readonly #documents = new Map<string, Json>();
  readonly #operations = new Map<string, ContractOperation>();
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #issues = new Map<string, ReadonlyMap<string, string | null>>();

  constructor() {
    this.#ajv = new Ajv2019({
      strict: false,
      unicodeRegExp: false,
      allErrors: true,
      verbose: true,
      logger: false,
      // The documents are PayPal's: judging them would take a third of the start.
      validateSchema: false,
    });
    addFormats(this.#ajv);
    this.#load("orders", ordersDocument);
    this.#load("payments", paymentsDocument);
    this.#load("webhooks", webhooksDocument);
  }

  operation(id: OperationId): ContractOperation {
    const operation = this.#operations.get(id);
    if (operation === undefined) throw new Error(`PayPal's documents have no operation ${id}.`);
    return operation;
  }

  /** What is wrong with a request body; empty when it is as documented. */
  checkRequestBody(id: OperationId, body: unknown): ProblemDetail[] {
    const operation = this.operation(id);
    if (operation.bodySchema === null) return [];
    const validate = this.#validator(operation, `${id} request`, operation.bodySchema);
    if (validate(body)) return [];
    return uniqueDetails((validate.errors ?? []).map((error) => this.#detailOf(id, error, body)));
  }

  /** What is wrong with headers, query or path parameters of a request. */
  checkParameters(
    id: OperationId,
    values: { readonly [place in Parameter["in"]]: (name: string) => string | undefined },
  ): ProblemDetail[] {
    const operation = this.operation(id);
    return operation.parameters.flatMap((parameter): ProblemDetail[] => {
      const value = values[parameter.in](parameter.name);
      // Documented as "Required for operations with a request body"; its absence there is a 415.
      // The pattern of `event_id` has no dash, but every event of PayPal is called WH-…-…; and
      // `Prefer` of Payments v2 is at most 20 long, one less than the value it describes.
      if (["Content-Type", "event_id", "Prefer"].includes(parameter.name)) return [];
      const place = { field: parameter.name, location: parameter.in };
      if (value === undefined) {
        return parameter.isRequired
          ? [{ ...place, ...this.describe(id, 400, ["MISSING_REQUIRED_PARAMETER"]) }]
          : [];
      }
      const key = `${id} ${parameter.in} ${parameter.name}`;
      const coerced = parameter.schema["type"] === "integer" ? Number(value) : value;
      const validate = this.#validator(operation, key, parameter.schema);
      if (validate(coerced)) return [];
      const issues = issuesFor(validate.errors?.[0]);
      return [{ ...place, value, ...this.describe(id, 400, issues) }];
    });
  }

  /** Sentences that say how an answer departs from the documents; empty when it does not. */
  checkResponse(id: OperationId, status: number, body: unknown): string[] {
    const operation = this.operation(id);
    const key = operation.responses.has(String(status)) ? String(status) : "default";
    const schema = operation.responses.get(key);
    if (schema === undefined) return [`${id} documents no answer with status ${status}`];
    if (schema === null) return body === undefined ? [] : [`${id} ${status} has no body`];
    const validate = this.#validator(operation, `${id} ${key}`, schema);
    if (validate(status < 400 ? body : asDocumentedError(body))) return [];
    return (validate.errors ?? [])
      .slice(0, 8)
      .map((error) => `${id} ${status} ${error.instancePath} ${error.message ?? error.keyword}`);
  }

  /**
   * The first of `candidates` that PayPal documents for this operation and status, with its wording;
   * the first one when it documents none.
   */
  describe(
    id: OperationId,
    status: number,
    candidates: readonly string[],
  ): Pick<ProblemDetail, "issue" | "description"> {
    const documented = this.#documentedIssues(id, status);
    const issue = candidates.find((name) => documented.has(name)) ?? candidates[0] ?? "UNKNOWN";
    const description = documented.get(issue) ?? null;
    return description === null ? { issue } : { issue, description };
  }

  #documentedIssues(id: OperationId, status: number): ReadonlyMap<string, string | null> {
    const key = `${id} ${status}`;
    const known = this.#issues.get(key);
    if (known !== undefined) return known;
    const operation = this.operation(id);
    const found = new Map<string, string | null>();
    const schema = operation.responses.get(String(status)) ?? null;
    if (schema !== null) collectIssues(this.#documents.get(operation.documentName), schema, found);
    this.#issues.set(key, found);
    return found;
  }

  #load(documentName: string, source: unknown): void {
    const document = vDocument.parse(source);
    const closed = { $id: documentName, components: close(document.components, document) };
    this.#documents.set(documentName, document);
    this.#ajv.addSchema(closed);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        this.#operations.set(
          operation.operationId,
          readOperation(document, documentName, path, method, operation),
        );
      }
    }
  }

  #validator(operation: ContractOperation, key: string, schema: Json): ValidateFunction {
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const validate = this.#ajv.compile(absolute(schema, operation.documentName));
    this.#validators.set(key, validate);
    return validate;
  }

  #detailOf(id: OperationId, error: ErrorObject, body: unknown): ProblemDetail {
    const { path, value } = placeOf(error, body);
    return {
      field: path,
      ...(value !== undefined && { value: shorten(value) }),
      location: "body",
      ...this.describe(id, 400, issuesFor(error)),
    };
  }
}

/** The documents name the list `issues` and don't know `links`; see `PayPalProblem.toBody`. */
function asDocumentedError(body: unknown): unknown {
  const parsed = vJson.safeParse(body);
  if (!parsed.success) return body;
  const documented = { ...parsed.data, issues: parsed.data["details"] };
  return Object.fromEntries(
    Object.entries(documented).filter(
      ([name, value]) => name !== "details" && name !== "links" && value !== undefined,
    ),
  );
}

function collectIssues(
  document: Json | undefined,
  schema: unknown,
  found: Map<string, string | null>,
): void {
  if (Array.isArray(schema)) {
    for (const part of schema) collectIssues(document, part, found);
    return;
  }
  const parsed = vJson.safeParse(schema);
  if (!parsed.success || document === undefined) return;
  const target = resolve(document, parsed.data);
  const entry = vIssueEntry.safeParse(target["properties"]);
  if (entry.success) {
    for (const issue of entry.data.issue.enum) {
      if (!found.has(issue)) found.set(issue, entry.data.description?.enum?.[0] ?? null);
    }
    return;
  }
  for (const value of Object.values(target)) collectIssues(document, value, found);
}

const vIssueEntry = z.looseObject({
  issue: z.looseObject({ enum: z.array(z.string()) }),
  description: z.looseObject({ enum: z.array(z.string()).optional() }).optional(),
});

/** Which documented issues say what a broken schema rule says, best first. */
function issuesFor(error: ErrorObject | undefined): string[] {
  switch (error?.keyword) {
    case "required":
      return ["MISSING_REQUIRED_PARAMETER"];
    case "unevaluatedProperties":
    case "additionalProperties":
      return ["NOT_SUPPORTED", "INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_SYNTAX"];
    case "minLength":
    case "maxLength":
      return ["INVALID_STRING_LENGTH"];
    case "minItems":
      return ["INVALID_ARRAY_MIN_ITEMS", "INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_SYNTAX"];
    case "maxItems":
      return ["INVALID_ARRAY_MAX_ITEMS", "INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_SYNTAX"];
    case "enum":
      return ["INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_SYNTAX"];
    default:
      return ["INVALID_PARAMETER_SYNTAX"];
  }
}

function placeOf(error: ErrorObject, body: unknown): { path: string; value: unknown } {
  const missing = vMissing.safeParse(error.params);
  if (error.keyword === "required" && missing.success) {
    return { path: `${error.instancePath}/${missing.data.missingProperty}`, value: undefined };
  }
  const unknown = vUnevaluated.safeParse(error.params);
  if (error.keyword === "unevaluatedProperties" && unknown.success) {
    return { path: `${error.instancePath}/${unknown.data.unevaluatedProperty}`, value: undefined };
  }
  return {
    path: error.instancePath === "" ? "/" : error.instancePath,
    value: error.instancePath === "" ? body : error.data,
  };
}

const vMissing = z.object({ missingProperty: z.string() });
const vUnevaluated = z.object({ unevaluatedProperty: z.string() });

function shorten(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

function uniqueDetails(details: readonly ProblemDetail[]): ProblemDetail[] {
  const seen = new Map<string, ProblemDetail>();
  for (const detail of details) {
    const key = `${detail.field ?? ""} ${detail.issue}`;
    if (!seen.has(key)) seen.set(key, detail);
  }
  return [...seen.values()];
}
