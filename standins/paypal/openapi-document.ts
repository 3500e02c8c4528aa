import * as z from "zod";

export type Json = Record<string, unknown>;

export interface Parameter {
  readonly name: string;
  readonly in: "header" | "query" | "path";
  readonly isRequired: boolean;
  readonly schema: Json;
}

export interface ContractOperation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly isBodyRequired: boolean;
  readonly bodySchema: Json | null;
  /** By status; `default` answers the rest. `null` is a response without a body. */
  readonly responses: ReadonlyMap<string, Json | null>;
  readonly documentName: string;
}

export const vJson = z.record(z.string(), z.unknown());

const vOperation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(vJson).default([]),
  requestBody: vJson.optional(),
  responses: z.record(z.string(), vJson),
});

export const vDocument = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), vOperation)),
  components: vJson,
});

type Document = z.infer<typeof vDocument>;

/** An operation with its references resolved and its bodies closed to unknown members. */
export function readOperation(
  document: Document,
  documentName: string,
  path: string,
  method: string,
  operation: z.infer<typeof vOperation>,
): ContractOperation {
  const body =
    operation.requestBody === undefined ? null : resolve(document, operation.requestBody);
  const responses = new Map<string, Json | null>();
  for (const [status, response] of Object.entries(operation.responses)) {
    const schema = contentSchema(resolve(document, response));
    responses.set(status, schema === null ? null : closeUse(schema, document));
  }
  const bodySchema = body === null ? null : contentSchema(body);
  return {
    method: method.toUpperCase(),
    path,
    parameters: operation.parameters.map((parameter) =>
      readParameter(resolve(document, parameter)),
    ),
    isBodyRequired: body?.["required"] === true,
    bodySchema: bodySchema === null ? null : closeUse(bodySchema, document),
    responses,
    documentName,
  };
}

const vParameter = z.object({
  name: z.string(),
  in: z.enum(["header", "query", "path"]),
  required: z.boolean().default(false),
  schema: vJson,
});

function readParameter(source: Json): Parameter {
  const parameter = vParameter.parse(source);
  return {
    name: parameter.name,
    in: parameter.in,
    isRequired: parameter.required,
    schema: parameter.schema,
  };
}

function contentSchema(holder: Json): Json | null {
  const content = vJson.safeParse(holder["content"]);
  if (!content.success) return null;
  const media = vJson.safeParse(content.data["application/json"]);
  return media.success ? vJson.parse(media.data["schema"]) : null;
}

/** Follows a schema's reference, if it is one, inside the document. */
export function resolve(document: Json, schema: Json): Json {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  let target: unknown = document;
  for (const part of reference.slice(2).split("/")) target = vJson.parse(target)[part];
  return resolve(document, vJson.parse(target));
}

/** Forbids unknown members wherever an object is used, which leaves `allOf` parts open. */
export function close(components: Json, document: Json): Json {
  const schemas = vJson.parse(components["schemas"]);
  return {
    schemas: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [
        name,
        closeMembers(vJson.parse(schema), document),
      ]),
    ),
  };
}

function closeUse(schema: Json, document: Json): Json {
  const inner = closeMembers(schema, document);
  return isClosable(schema, document) ? { ...inner, unevaluatedProperties: false } : inner;
}

function closeMembers(schema: Json, document: Json): Json {
  const closed: Json = { ...schema };
  const properties = vJson.safeParse(schema["properties"]);
  if (properties.success) {
    closed["properties"] = Object.fromEntries(
      Object.entries(properties.data).map(([name, member]) => [
        name,
        closeUse(vJson.parse(member), document),
      ]),
    );
  }
  const items = vJson.safeParse(schema["items"]);
  if (items.success) closed["items"] = closeUse(items.data, document);
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    const parts = z.array(vJson).safeParse(schema[keyword]);
    if (parts.success) closed[keyword] = parts.data.map((part) => closeMembers(part, document));
  }
  return closed;
}

function isClosable(schema: Json, document: Json): boolean {
  const target = resolve(document, schema);
  if (target["additionalProperties"] !== undefined) return false;
  if (target["properties"] !== undefined) return true;
  const parts = z.array(vJson).safeParse(target["allOf"]);
  return parts.success && parts.data.some((part) => isClosable(part, document));
}

/** References point into the document that was added under its name. */
export function absolute(schema: Json, documentName: string): Json {
  return vJson.parse(
    JSON.parse(
      JSON.stringify(schema, (key, value: unknown) =>
        key === "$ref" && typeof value === "string" && value.startsWith("#")
          ? `${documentName}${value}`
          : value,
      ),
    ),
  );
}
