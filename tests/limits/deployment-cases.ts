import { expect } from "vitest";

import type { DEPLOYMENT_LIMITS } from "#embedded/lib/limits.ts";
import { pushRequest } from "#embedded/test-project.ts";
import { startPush, text, upTo, type CasesOf, type LimitCase } from "./limit-case.ts";

const NAME_AND_VALUE = 5 + 8_192;

export const deploymentCases: CasesOf<typeof DEPLOYMENT_LIMITS> = {
  environmentVariables: setting(
    (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`V${n}`, ""])),
    "The environment variable limit (1000) has been met.",
  ),
  environmentBytes: setting((size) => {
    const full = Array.from({ length: 63 }, (_, n) => [`VAR${10 + n}`, text(8_192)]);
    const rest = text(size - 63 * NAME_AND_VALUE - 5);
    return Object.fromEntries([...full, ["LAST_", rest]]) as Record<string, string>;
  }, "The total size of all environment variables (524289 bytes) exceeds the limit (524288 bytes)."),
  environmentNameLength: setting(
    (length) => ({ [text(length)]: "" }),
    `The environment variable name ${text(41)} is too long. Environment variable names must be less ` +
      "than 40.",
  ),
  environmentValueBytes: setting(
    (size) => ({ V: text(size) }),
    "The environment variable value is 8193 bytes, which is too large. (max size: 8192",
  ),
  codeBytes: pushing((size, others) => {
    const own = others.reduce((sum, { source }) => sum + Buffer.byteLength(source), 0);
    return [{ path: "_deps/big.js", source: " ".repeat(size - own) }];
  }, "Total module size exceeded the unzipped maximum (32.00 MiB > maximum size 32 MiB)"),
  modules: pushing((count, others) => {
    const files = others.filter(({ path }) => !path.startsWith("_deps/"));
    const length = count - files.length;
    return Array.from({ length }, (_, n) => ({ path: `f${n}.js`, source: "" }));
  }, 'Too many function files (4097 > maximum 4096) in "convex/".'),
};

/** Variables that the deployment has none of before and after. */
function setting(
  variables: (extent: number) => Record<string, string>,
  message: string,
): LimitCase {
  return upTo(async ({ empty }, extent) => {
    const wanted = variables(extent);
    await empty.setVariables(wanted);
    await empty.setVariables(Object.fromEntries(Object.keys(wanted).map((name) => [name, null])));
    return extent;
  }, message);
}

interface Module {
  readonly path: string;
  readonly source: string;
}

/**
 * A push of so much code, one file of which is none: what is within the limit is refused for that, so
 * that it need not be evaluated.
 */
function pushing(
  modulesOf: (extent: number, others: readonly Module[]) => readonly Module[],
  message: string,
): LimitCase {
  return async ({ empty }, max) => {
    const request = (await pushRequest({})) as { appDefinition: { changedModules: Module[] } };
    const { appDefinition } = request;
    const broken = { path: "broken.js", source: "export const broken = ;" };
    const others = [...appDefinition.changedModules, broken];
    const push = (extent: number) => {
      const added = [broken, ...modulesOf(extent, others)];
      const changedModules = [
        ...appDefinition.changedModules,
        ...added.map((module) => ({ ...module, environment: "isolate" })),
      ];
      const body = { ...request, appDefinition: { ...appDefinition, changedModules } };
      return startPush(empty, JSON.stringify(body));
    };
    await expect(push(max)).rejects.toThrow("broken.js");
    await expect(push(max + 1)).rejects.toThrow(message);
  };
}
