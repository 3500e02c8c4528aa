import { expect } from "vitest";

import type { VALUE_LIMITS } from "#embedded/lib/limits.ts";
import { declaring } from "./schema-cases.ts";
import { text, upTo, type CasesOf, type LimitCase, type Scene } from "./limit-case.ts";

export const valueCases: CasesOf<typeof VALUE_LIMITS> = {
  arrayLength: everywhere(
    "array",
    (length) => Array.from({ length }, () => 1),
    "Array length is too long (8193 > maximum length 8192)",
  ),
  objectFields: everywhere(
    "object",
    (length) => Object.fromEntries(Array.from({ length }, (_, n) => [`f${n}`, 1])),
    "Object has too many fields (1025 > maximum number 1024)",
  ),
  fieldNameLength: async (scene, max) => {
    const name = (length: number) => ({ [text(length)]: 1 });
    const message = "Field name is too long (1025 > maximum 1024)";
    await upTo((_, length) => take(scene, name(length)), message)(scene, max);
    // The words of the official library, which looks at what functions return and store.
    const library = "exceeds maximum field name length 1024";
    await upTo((_, length) => make(scene, "name", length), library)(scene, max);
    await upTo((_, length) => store(scene, "name", length), library)(scene, max);
  },
  identifierLength: declaring("identifierLength", "Identifier is too long (65 > maximum 64)"),
  valueNesting: async (scene, max) => {
    const message = "Value is too nested (nested 65 levels deep > maximum nesting 64)";
    // The arguments are an array of one object.
    await upTo((_, levels) => take(scene, nested(levels - 2)), message)(scene, max);
    await upTo((_, levels) => make(scene, "nested", levels), message)(scene, max);
  },
  documentBytes: upTo(
    (scene, size) => store(scene, "bytes", size),
    "Value is too large (1.00 MiB > maximum size 1 MiB)",
  ),
  documentNesting: upTo(
    (scene, levels) => store(scene, "document", levels),
    "isn't a valid document: Document is too nested (nested 17 levels deep > maximum nesting 16)",
  ),
};

/** As an argument, as a result and in a document. */
function everywhere(
  kind: string,
  valueOf: (extent: number) => unknown,
  message: string,
): LimitCase {
  return async (scene, max) => {
    await upTo((_, extent) => take(scene, valueOf(extent)), message)(scene, max);
    await upTo((_, extent) => make(scene, kind, extent), message)(scene, max);
    const named = `Invalid argument \`value\` for \`db.insert\`: ${message}`;
    await upTo((_, extent) => store(scene, kind, extent), named)(scene, max);
  };
}

async function take({ backend }: Scene, value: unknown): Promise<unknown> {
  const { status, body } = await backend.post("/api/query", {
    path: "values:take",
    args: { value },
  });
  const { errorMessage, message } = body as { errorMessage?: string; message?: string };
  const problem = errorMessage ?? message;
  if (problem !== undefined) throw new Error(problem);
  expect(status).toBe(200);
  return status;
}

function make({ backend }: Scene, kind: string, extent: number): Promise<unknown> {
  return backend.run("values:make", { kind, extent });
}

function store({ backend }: Scene, kind: string, extent: number): Promise<unknown> {
  return backend.run("values:store", { kind, extent });
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
