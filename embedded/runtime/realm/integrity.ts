/** What all calls in a realm share beside the pushed modules: its globals and the language's builtins. */
export interface Integrity {
  /** Takes everything for right as it is now. */
  readonly remember: () => void;
  /**
   * Whether something is not as it was. Unless thorough, a look at what assignments have added to the
   * globals and to `Object.prototype`, where data that is merged carelessly ends up.
   */
  readonly isChanged: (isThorough: boolean) => boolean;
  /** Puts back what has changed, as far as it lets itself. */
  readonly restore: () => void;
}

type Key = string | symbol;

interface Remembered {
  readonly object: object;
  readonly prototype: object | null;
  readonly keys: readonly Key[];
  readonly properties: readonly PropertyDescriptor[];
}

// Whatever pushed code does to the builtins, here they are still what they were.
const { ownKeys, getPrototypeOf, setPrototypeOf, defineProperty, deleteProperty } = Reflect;
const getDescriptor = Reflect.getOwnPropertyDescriptor;
const { is: isSame, keys: enumerableKeys } = Object;
const ObjectPrototype = Object.prototype;
const EMPTY = {};

export function createIntegrity(): Integrity {
  let remembered: Remembered[] = [];
  let globalCount = 0;
  let inheritedCount = 0;

  function remember(): void {
    remembered = sharedObjects().map(snapshotOf);
    globalCount = enumerableKeys(globalThis).length;
    inheritedCount = countInherited();
  }

  function isChanged(isThorough: boolean): boolean {
    if (countInherited() !== inheritedCount) return true;
    // What an assignment makes is enumerable; a global's other keys take ten times as long to list.
    if (enumerableKeys(globalThis).length !== globalCount) return true;
    if (!isThorough) return false;
    for (let index = 0; index < remembered.length; index += 1) {
      const entry = remembered[index];
      if (entry !== undefined && differs(entry)) return true;
    }
    return false;
  }

  function restore(): void {
    for (let index = 0; index < remembered.length; index += 1) {
      const entry = remembered[index];
      if (entry !== undefined && differs(entry)) putBack(entry);
    }
  }

  remember();
  return { remember, isChanged, restore };
}

/** What assignments have added to `Object.prototype`; V8 knows that there is nothing without a look. */
function countInherited(): number {
  const inherited: string[] = [];
  for (const key in EMPTY) inherited.push(key);
  return inherited.length;
}

/** `Object.prototype` first: what is added there shows in every descriptor that is read after it. */
function sharedObjects(): object[] {
  const found = new Set<object>([ObjectPrototype, globalThis, ...unnamedPrototypes()]);
  for (const name of ownKeys(globalThis)) {
    const value: unknown = getDescriptor(globalThis, name)?.value;
    addShared(found, value);
    if (name === "Intl") for (const key of ownKeys(Intl)) addShared(found, Reflect.get(Intl, key));
  }
  return [...found];
}

function addShared(found: Set<object>, value: unknown): void {
  if (!isObject(value)) return;
  found.add(value);
  if (typeof value !== "function") return;
  const prototype: unknown = getDescriptor(value, "prototype")?.value;
  if (isObject(prototype)) found.add(prototype);
}

/** Builtins that no global names. */
function unnamedPrototypes(): object[] {
  const iterators = [[].values(), new Map().keys(), new Set().keys(), ""[Symbol.iterator]()];
  const functions = [function* () {}, async function* () {}, async () => Promise.resolve()];
  const bottoms = [
    ...iterators,
    "".matchAll(/./g),
    ...functions,
    function* () {}.prototype as object,
    async function* () {}.prototype as object,
    Uint8Array,
    Uint8Array.prototype,
  ];
  const found: object[] = [];
  for (const bottom of bottoms) {
    for (let next = getPrototypeOf(bottom); next !== null; next = getPrototypeOf(next)) {
      found.push(next);
    }
  }
  return found;
}

function snapshotOf(object: object): Remembered {
  const keys = ownKeys(object);
  const properties = keys.map((key) => descriptorOf(object, key));
  return { object, prototype: getPrototypeOf(object), keys, properties };
}

/** Without a prototype, through which an addition to `Object.prototype` would show. */
function descriptorOf(object: object, key: Key): PropertyDescriptor {
  const descriptor = getDescriptor(object, key) ?? {};
  setPrototypeOf(descriptor, null);
  return descriptor;
}

function differs({ object, prototype, keys, properties }: Remembered): boolean {
  if (getPrototypeOf(object) !== prototype || ownKeys(object).length !== keys.length) return true;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    const before = properties[index];
    if (key === undefined || before === undefined) continue;
    const now = descriptorOf(object, key);
    if (!isSame(now.value, before.value) || now.get !== before.get || now.set !== before.set) {
      return true;
    }
  }
  return false;
}

function putBack({ object, prototype, keys, properties }: Remembered): void {
  setPrototypeOf(object, prototype);
  const now = ownKeys(object);
  for (let index = 0; index < now.length; index += 1) {
    const key = now[index];
    if (key !== undefined && !isAmong(keys, key)) deleteProperty(object, key);
  }
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    const before = properties[index];
    if (key !== undefined && before !== undefined) defineProperty(object, key, before);
  }
}

function isAmong(keys: readonly Key[], wanted: Key): boolean {
  for (let index = 0; index < keys.length; index += 1) {
    if (keys[index] === wanted) return true;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
