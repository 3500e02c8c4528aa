import * as z from "zod";

/**
 * The validators of an exported schema, as far as a diagram shows them; the format is the JSON of
 * `SchemaDefinition.export()` in `convex/server`.
 */
type Shape =
  | { readonly type: "id"; readonly tableName: string }
  | { readonly type: "array"; readonly value: Shape }
  | { readonly type: "record"; readonly keys: Shape; readonly values: Field }
  | { readonly type: "union"; readonly value: readonly Shape[] }
  | { readonly type: "object"; readonly value: Readonly<Record<string, Field>> }
  | { readonly type: "literal"; readonly value: unknown }
  | { readonly type: "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" };

interface Field {
  readonly fieldType: Shape;
  readonly optional: boolean;
}

interface Relation {
  readonly from: string;
  readonly to: string;
  /** The path of the field that holds the id. */
  readonly field: string;
  readonly isNullable: boolean;
  readonly isList: boolean;
}

/** Longer lists of values would hide the fields. */
const LITERALS_SHOWN = 10;

const vField: z.ZodType<Field> = z.lazy(() =>
  z.object({ fieldType: vShape, optional: z.boolean() }),
);

const vShape: z.ZodType<Shape> = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("id"), tableName: z.string() }),
    z.object({ type: z.literal("array"), value: vShape }),
    z.object({ type: z.literal("record"), keys: vShape, values: vField }),
    z.object({ type: z.literal("union"), value: z.array(vShape) }),
    z.object({ type: z.literal("object"), value: z.record(z.string(), vField) }),
    z.object({ type: z.literal("literal"), value: z.unknown() }),
    z.object({
      type: z.enum(["null", "number", "bigint", "boolean", "string", "bytes", "any"]),
    }),
  ]),
);

const vSchema = z.object({
  tables: z.array(z.object({ tableName: z.string(), documentType: vShape })),
});

/**
 * The content of `docs/er.md`: every table with its fields, and a line for each id that a row holds.
 *
 * @param exported The JSON text of `schema.export()`.
 */
export function describeEntityRelationships(exported: string): string {
  const tables = vSchema
    .parse(JSON.parse(exported))
    .tables.map(({ tableName, documentType }) => ({
      name: tableName,
      fields: fieldsOf(documentType),
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const relations = tables.flatMap(({ name, fields }) =>
    Object.entries(fields).flatMap(([field, { fieldType, optional }]) =>
      relationsOf(fieldType, { from: name, field, isNullable: optional, isList: false }),
    ),
  );
  return [
    "# Entities and relations",
    "",
    "Made from `convex/schema.ts` by `npm run docs`; a test fails when this page and the schema differ.",
    "A field is a _foreign key_ (FK) when it holds the id of another row. `Name_or_null` may be null,",
    "`Name_list` is an array, `object` and `variant` are nested values. Every row also has Convex's",
    "`_id` and `_creationTime` (milliseconds). Rows are never deleted in a cascade: an id may name a row",
    "that is gone, which is why orders keep copies of what they sold.",
    "",
    "```mermaid",
    "erDiagram",
    ...new Set(relations.map(describeRelation)),
    ...tables.flatMap(({ name, fields }) => describeTable(name, fields)),
    "```",
    "",
  ].join("\n");
}

function describeTable(name: string, fields: Readonly<Record<string, Field>>): string[] {
  const lines = Object.entries(fields).map(([field, { fieldType, optional }]) => {
    const key = directTarget(fieldType) === null ? "" : " FK";
    const comment = describeLiterals(literalsOf(fieldType));
    return `    ${typeName(fieldType)}${optional ? "_optional" : ""} ${field}${key}${comment}`;
  });
  return [`  ${name} {`, ...lines, "  }"];
}

function describeLiterals(values: readonly string[]): string {
  if (values.length < 2) return "";
  return values.length > LITERALS_SHOWN
    ? ` "one of ${String(values.length)} values"`
    : ` "${values.join(", ")}"`;
}

/** Two bars are exactly one row, a bar and a circle at most one; a claw is any number. */
function describeRelation({ from, to, field, isNullable, isList }: Relation): string {
  const target = isList ? "}o" : isNullable ? "|o" : "||";
  return `  ${to} ${target}--o{ ${from} : "${field}"`;
}

function relationsOf(shape: Shape, path: Omit<Relation, "to">): Relation[] {
  switch (shape.type) {
    case "id":
      return [{ ...path, to: shape.tableName }];
    case "array":
      return relationsOf(shape.value, { ...path, isList: true });
    case "record":
      return [shape.keys, shape.values.fieldType].flatMap((part) =>
        relationsOf(part, { ...path, isList: true }),
      );
    case "union":
      return shape.value.flatMap((member) =>
        relationsOf(member, { ...path, isNullable: path.isNullable || shape.value.length > 1 }),
      );
    case "object":
      return Object.entries(shape.value).flatMap(([name, { fieldType, optional }]) =>
        relationsOf(fieldType, {
          ...path,
          field: `${path.field}.${name}`,
          isNullable: path.isNullable || optional,
        }),
      );
    default:
      return [];
  }
}

function typeName(shape: Shape): string {
  switch (shape.type) {
    case "id":
      return "id";
    case "literal":
      return typeof shape.value;
    case "array":
      return `${typeName(shape.value)}_list`;
    case "union": {
      const members = shape.value.filter(({ type }) => type !== "null");
      const names = [...new Set(members.map(typeName))];
      const name = names.length === 1 ? String(names[0]) : "variant";
      const isVariant = name === "object" && members.length > 1;
      const suffix = members.length < shape.value.length ? "_or_null" : "";
      return `${isVariant ? "variant" : name}${suffix}`;
    }
    default:
      return shape.type;
  }
}

function directTarget(shape: Shape): string | null {
  if (shape.type === "id") return shape.tableName;
  if (shape.type !== "union") return null;
  return shape.value.map(directTarget).find((target) => target !== null) ?? null;
}

function literalsOf(shape: Shape): string[] {
  if (shape.type === "literal") return [String(shape.value)];
  if (shape.type === "array") return literalsOf(shape.value);
  return shape.type === "union" ? shape.value.flatMap(literalsOf) : [];
}

/** A row is an object, or one of several; fields of all of them are shown. */
function fieldsOf(shape: Shape): Readonly<Record<string, Field>> {
  if (shape.type === "object") return shape.value;
  if (shape.type !== "union") return {};
  return Object.fromEntries(shape.value.flatMap((member) => Object.entries(fieldsOf(member))));
}
