/** What evaluating a module found, before it is given the shapes that a push answers with. */
export interface ModuleProbe {
  /** Functions made by the wrappers of `convex/server`, by export name. */
  readonly functions: readonly ProbedFunction[];
  /** Routes of a router that is the default export. */
  readonly httpRoutes: readonly { readonly path: string; readonly method: string }[] | null;
  /** What the default export's `export()` gives: schemas, crons, component definitions. */
  readonly exported: unknown;
  readonly isCrons: boolean;
  readonly hasDefault: boolean;
  /** The default export itself when it is plain data (`auth.config`). */
  readonly data: unknown;
}

export interface ProbedFunction {
  readonly name: string;
  readonly udfType: "query" | "mutation" | "action";
  readonly visibility: "public" | "internal" | null;
  /** Validators as JSON text. */
  readonly argsJson: string | null;
  readonly returnsJson: string | null;
}

/** An `AnalyzedModule` of the command line (`convex` npm package, src/cli/lib/deployApi/modules.ts). */
export interface AnalyzedModule {
  readonly functions: readonly AnalyzedFunction[];
  readonly httpRoutes:
    readonly { readonly route: { readonly path: string; readonly method: string } }[] | null;
  readonly cronSpecs: readonly (readonly [name: string, spec: object])[] | null;
  readonly sourceMapped: null;
}

export interface AnalyzedFunction {
  readonly name: string;
  readonly pos: null;
  readonly udfType: "Query" | "Mutation" | "Action";
  readonly visibility: { readonly kind: "public" | "internal" } | null;
  readonly args: string | null;
  readonly returns: string | null;
}

/** Modules without functions: chunks, and what the analysis does not evaluate. */
export const EMPTY_ANALYSIS: AnalyzedModule = {
  functions: [],
  httpRoutes: null,
  cronSpecs: null,
  sourceMapped: null,
};
