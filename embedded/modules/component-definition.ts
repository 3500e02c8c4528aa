import { ServiceError } from "../lib/service-error.ts";
import { parseValidator, type Validator } from "../values/validator.ts";

/** What `convex.config` of the app or of a component declares. */
export interface ComponentDefinition {
  /** `""` for the app, else where its `convex.config` lies, from the functions folder. */
  readonly path: string;
  /** Name of a mount that is not given another; `""` for the app. */
  readonly defaultName: string;
  /** In the order of the `use` calls. */
  readonly children: readonly ChildMount[];
  /** Names of children by the path they are mounted at: `/prefix/`. */
  readonly httpMounts: ReadonlyMap<string, string>;
  /** Where the app's own routes are, `/prefix/`; `null` for the root of the site. */
  readonly httpPrefix: string | null;
  readonly environment: ReadonlyMap<string, DeclaredVariable>;
  /** As `export()` gave it, for the command line. */
  readonly exported: Fields;
}

export interface ChildMount {
  readonly name: string;
  readonly definitionPath: string;
  readonly environment: ReadonlyMap<string, EnvironmentBinding>;
}

/** Where a component's variable gets its value from: itself, or a variable of its parent. */
export type EnvironmentBinding =
  | { readonly type: "value"; readonly value: string }
  | { readonly type: "envVar"; readonly name: string };

/** A variable of `defineApp({ env })` or `defineComponent(name, { env })`. */
export interface DeclaredVariable {
  /** Strings, literal strings and unions of them. */
  readonly validator: Validator;
  readonly isOptional: boolean;
}

/** Convex's rule for names of components and variables. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const CHILD_REFERENCE = /^_reference\/childComponent\/([^/]+)$/;

/**
 * Reads what `export()` of a definition gave (`ComponentDefinitionAnalysis` and
 * `AppDefinitionAnalysis` of the `convex` npm package, src/server/components/definition.ts).
 * @throws ServiceError `InvalidDefinition`, `InvalidEnvVarDeclaration`.
 */
export function parseComponentDefinition(path: string, exported: unknown): ComponentDefinition {
  const malformed = (problem: string) => invalidDefinition(path, problem);
  const entry = requireRecord(exported, malformed, "it exports no object");
  const type = requireRecord(entry["definitionType"], malformed, "it has no type");
  if (type["type"] !== (path === "" ? "app" : "childComponent")) {
    throw malformed(`it is not made by \`${path === "" ? "defineApp" : "defineComponent"}()\``);
  }
  return {
    path,
    defaultName: path === "" ? "" : requireName(type["name"], malformed),
    children: listOf(entry["childComponents"]).map((child) => parseChild(child, malformed)),
    httpMounts: parseHttpMounts(entry["httpMounts"], malformed),
    httpPrefix: typeof entry["httpPrefix"] === "string" ? entry["httpPrefix"] : null,
    environment: new Map(pairsOf(entry["envVars"]).map((pair) => parseVariable(path, pair))),
    exported: entry,
  };
}

/** The app of a project without `convex.config`. */
export const PLAIN_APP: ComponentDefinition = {
  path: "",
  defaultName: "",
  children: [],
  httpMounts: new Map(),
  httpPrefix: null,
  environment: new Map(),
  exported: { definitionType: { type: "app" }, childComponents: [], httpMounts: {} },
};

export function invalidDefinition(path: string, problem: string): ServiceError {
  const where = path === "" ? "your app" : `component \`${path}\``;
  return new ServiceError(
    "badRequest",
    "InvalidDefinition",
    `The default export of \`convex.config.ts\` in ${where} has an invalid value: ${problem}.`,
  );
}

type Malformed = (problem: string) => ServiceError;
type Fields = Readonly<Record<string, unknown>>;

function parseChild(entry: unknown, malformed: Malformed): ChildMount {
  const child = requireRecord(entry, malformed, "a mount must be an object");
  const { name, path, env } = child;
  if (typeof path !== "string") throw malformed("a mount names no definition");
  const environment = pairsOf(env).map(([variable, binding]) => {
    return [variable, parseBinding(binding, malformed)] as const;
  });
  return {
    name: requireName(name, malformed),
    definitionPath: path,
    environment: new Map(environment),
  };
}

function parseBinding(entry: unknown, malformed: Malformed): EnvironmentBinding {
  const { type, value, name } = requireRecord(entry, malformed, "a variable has no binding");
  if (type === "value" && typeof value === "string") return { type, value };
  if (type === "envVar" && typeof name === "string") return { type, name };
  throw malformed("a variable is bound to something unknown");
}

function parseHttpMounts(entry: unknown, malformed: Malformed): Map<string, string> {
  const mounts = new Map<string, string>();
  for (const [path, reference] of Object.entries(isRecord(entry) ? entry : {})) {
    const child = typeof reference === "string" ? CHILD_REFERENCE.exec(reference)?.[1] : undefined;
    if (child === undefined || !/^\/(?:.*\/)?$/.test(path)) {
      throw malformed(`its HTTP mount ${path} is invalid`);
    }
    mounts.set(path, child);
  }
  return mounts;
}

function parseVariable(path: string, [name, entry]: Pair): [string, DeclaredVariable] {
  const { value, optional } = isRecord(entry) ? entry : {};
  const validator = parseValidator(JSON.parse(typeof value === "string" ? value : "null"));
  if (!isStringLike(validator)) {
    const owner = path === "" ? "the app" : `component ${path}`;
    throw new ServiceError(
      "badRequest",
      "InvalidEnvVarDeclaration",
      `Env var \`${name}\` on ${owner} has a non-string validator. Component env vars must be ` +
        'declared with `v.string()`, `v.literal("...")`, or a union of those.',
    );
  }
  return [name, { validator, isOptional: optional === true }];
}

function isStringLike(validator: Validator): boolean {
  if (validator.type === "literal") return typeof validator.value === "string";
  if (validator.type === "union") return validator.value.every(isStringLike);
  return validator.type === "string";
}

function requireName(value: unknown, malformed: Malformed): string {
  if (typeof value === "string" && IDENTIFIER.test(value)) return value;
  throw malformed(
    `${JSON.stringify(value)} is no name for a component: use letters, digits and underscores`,
  );
}

function requireRecord(value: unknown, malformed: Malformed, problem: string): Fields {
  if (!isRecord(value)) throw malformed(problem);
  return value;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

type Pair = readonly [name: string, value: unknown];

function pairsOf(value: unknown): Pair[] {
  return listOf(value).flatMap((pair): Pair[] => {
    const [name, entry] = listOf(pair);
    return typeof name === "string" ? [[name, entry]] : [];
  });
}
