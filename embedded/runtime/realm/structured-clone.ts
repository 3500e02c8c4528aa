/** `structuredClone` whose results belong to this realm. Functions and symbols are refused. */
export function structuredCloneValue<T>(value: T): T {
  return clone(value, new Map()) as T;
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
  }
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const scalar = cloneScalar(value);
  if (scalar !== null) {
    seen.set(value, scalar);
    return scalar;
  }
  return cloneContainer(value, seen);
}

/** Objects without references to others; `null` for the rest. */
function cloneScalar(value: object): object | null {
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return cloneView(value);
  if (value instanceof Boolean || value instanceof Number || value instanceof String) {
    return Object(value.valueOf()) as object;
  }
  return null;
}

function cloneView(view: ArrayBufferView): object {
  const buffer = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const Same = view.constructor as new (buffer: ArrayBufferLike) => object;
  return new Same(buffer);
}

function cloneContainer(value: object, seen: Map<object, unknown>): object {
  if (value instanceof Map) {
    const result = new Map<unknown, unknown>();
    seen.set(value, result);
    for (const [key, item] of value) result.set(clone(key, seen), clone(item, seen));
    return result;
  }
  if (value instanceof Set) {
    const result = new Set<unknown>();
    seen.set(value, result);
    for (const item of value) result.add(clone(item, seen));
    return result;
  }
  if (value instanceof Error) {
    const result = new Error(value.message);
    Object.defineProperty(result, "name", { value: value.name, configurable: true });
    seen.set(value, result);
    return result;
  }
  const result: object = Array.isArray(value) ? new Array(value.length) : {};
  seen.set(value, result);
  for (const [key, item] of Object.entries(value)) Reflect.set(result, key, clone(item, seen));
  return result;
}
