import { createHash } from "node:crypto";

import type { Transaction } from "../../database/types.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { listModules, readModuleText, type PushedModule } from "../../modules/module-store.ts";
import {
  badBody,
  requireArrayField,
  requireJsonObject,
  requireTextField,
  type JsonObject,
} from "../request-body.ts";

/** What `npx convex deploy` wants to become of the deployment. */
export interface PushRequest {
  readonly isDryRun: boolean;
  /** Function modules, `auth.config.js` among them. */
  readonly modules: readonly PushedModule[];
  readonly schema: PushedModule | null;
  /** `convex.config.js`. */
  readonly definition: PushedModule | null;
  readonly udfServerVersion: string;
}

/**
 * Reads the body of `start_push`. Modules that did not change since the last push are named by hash
 * only; their text is taken from what is deployed.
 * @throws ServiceError for what this deployment cannot do, and when an unchanged module has changed.
 */
export function parsePushRequest(body: JsonObject, transaction: Transaction): PushRequest {
  const app = requireJsonObject(body["appDefinition"], "`appDefinition`");
  if (requireArrayField(body, "componentDefinitions").length > 0) {
    throw unsupported("Components are not supported by this deployment yet.");
  }
  if (requireArrayField(body, "nodeDependencies").length > 0) {
    throw unsupported(
      "External packages of Node actions are not supported by this deployment: remove " +
        "`node.externalPackages` from convex.json, so that they are bundled.",
    );
  }
  const unchanged = requireArrayField(app, "unchangedModuleHashes");
  return {
    isDryRun: body["dryRun"] === true,
    modules: [
      ...requireArrayField(app, "changedModules").map(parseModule),
      ...findUnchanged(unchanged, transaction),
    ],
    schema: parseOptionalModule(app["schema"]),
    definition: parseOptionalModule(app["definition"]),
    udfServerVersion: requireTextField(app, "udfServerVersion"),
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
