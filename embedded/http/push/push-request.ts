import { createHash } from "node:crypto";

import type { Transaction } from "../../database/types.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { PushedCode, PushedComponent, PushedProject } from "../../modules/analyze.ts";
import { listModules, readModuleText, type PushedModule } from "../../modules/module-store.ts";
import type { PushVersions } from "../../modules/push-versions.ts";
import {
  badBody,
  requireArrayField,
  requireJsonObject,
  requireTextField,
  type JsonObject,
} from "../request-body.ts";

/** What `npx convex deploy` wants to become of the deployment. */
export interface PushRequest extends PushedProject {
  readonly isDryRun: boolean;
  /** Says what the code is for, of which some may be missing: `codegen --component-dir`. */
  readonly isForCodegen: boolean;
  readonly versions: PushVersions;
}

/**
 * Reads the body of `start_push`. Modules that did not change since the last push are named by hash
 * only; their text is taken from what is deployed.
 * @throws ServiceError for what this deployment cannot do, and when an unchanged module has changed.
 */
export function parsePushRequest(body: JsonObject, transaction: Transaction): PushRequest {
  const app = requireJsonObject(body["appDefinition"], "`appDefinition`");
  if (requireArrayField(body, "nodeDependencies").length > 0) {
    throw unsupported(
      "External packages of Node actions are not supported by this deployment: remove " +
        "`node.externalPackages` from convex.json, so that they are bundled.",
    );
  }
  const unchanged = requireArrayField(app, "unchangedModuleHashes");
  return {
    isDryRun: body["dryRun"] === true,
    isForCodegen: body["forCodegen"] === true,
    app: {
      ...parseDefinition(app),
      modules: [
        ...requireArrayField(app, "changedModules").map(parseModule),
        ...findUnchanged(unchanged, transaction),
      ],
    },
    components: requireArrayField(body, "componentDefinitions").map(parseComponent),
    versions: {
      functions: requireTextField(app, "udfServerVersion"),
      node: body["nodeVersion"] === undefined ? null : requireTextField(body, "nodeVersion"),
    },
  };
}

/** Modules of components always come as a whole (`ComponentDefinitionConfig` of the command line). */
function parseComponent(entry: unknown): PushedComponent {
  const component = requireJsonObject(entry, "Each component definition");
  return {
    ...parseDefinition(component),
    definitionPath: requireTextField(component, "definitionPath"),
    modules: requireArrayField(component, "functions").map(parseModule),
  };
}

function parseDefinition(body: JsonObject): Omit<PushedCode, "modules"> {
  return {
    schema: parseOptionalModule(body["schema"]),
    definition: parseOptionalModule(body["definition"]),
    dependencies: requireArrayField(body, "dependencies").map(String),
  };
}

/** The hash by which the command line recognises a module: source and source map, hexadecimal. */
export function cliModuleHash(source: string, sourceMap: string | null): string {
  return createHash("sha256")
    .update(source)
    .update(sourceMap ?? "")
    .digest("hex");
}

function findUnchanged(entries: readonly unknown[], transaction: Transaction): PushedModule[] {
  const deployed = new Map(listModules(transaction, "").map((module) => [module.path, module]));
  return entries.map((entry) => {
    const wanted = requireJsonObject(entry, "Each unchanged module");
    const path = requireTextField(wanted, "path");
    const module = deployed.get(path);
    if (module === undefined) throw changedMeanwhile(path);
    const { source, sourceMap } = readModuleText(transaction, module);
    if (cliModuleHash(source, sourceMap) !== requireTextField(wanted, "sha256")) {
      throw changedMeanwhile(path);
    }
    return {
      path,
      source,
      environment: module.environment,
      ...(sourceMap === null ? {} : { sourceMap }),
    };
  });
}

function parseOptionalModule(entry: unknown): PushedModule | null {
  return entry === null || entry === undefined ? null : parseModule(entry);
}

function parseModule(entry: unknown): PushedModule {
  const module = requireJsonObject(entry, "Each module");
  const { environment, sourceMap } = module as {
    readonly environment?: unknown;
    readonly sourceMap?: unknown;
  };
  if (environment !== "isolate" && environment !== "node") {
    throw badBody("`environment` must be isolate or node.");
  }
  return {
    path: requireTextField(module, "path"),
    source: requireTextField(module, "source"),
    environment,
    ...(typeof sourceMap === "string" ? { sourceMap } : {}),
  };
}

function unsupported(message: string): ServiceError {
  return new ServiceError("badRequest", "UnsupportedPush", message);
}

/** The command line pushes again when it reads this code. */
function changedMeanwhile(path: string): ServiceError {
  return new ServiceError(
    "conflict",
    "RaceDetected",
    `The deployed module ${path} changed during the push.`,
  );
}
