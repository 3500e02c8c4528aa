import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { StartError } from "./settings.ts";
import { hashSourcesOnce } from "./source-hash.mjs";

export interface Deployment {
  readonly url: string;
  readonly adminKey: string;
}

/** What the deployment is made from: the functions and the versions of the packages they import. */
const SOURCES = ["convex", "package-lock.json"];
const MEMO = "build/functions-memo.json";

/**
 * Sets environment variables of the deployment through the API that `npx convex env set` uses,
 * in one call. Values are never printed.
 */
export async function setEnvironment(
  deployment: Deployment,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const changes = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const response = await post(deployment, "/api/update_environment_variables", {
    method: "POST",
    headers: {
      Authorization: `Convex ${deployment.adminKey}`,
      "Content-Type": "application/json",
      "Convex-Client": "vitrine-start-1.0.0",
    },
    body: JSON.stringify({ changes }),
  });
  if (response.ok) return;
  throw new StartError(
    `The backend did not take its settings (status ${String(response.status)}): ${await response.text()}`,
  );
}

async function post({ url }: Deployment, path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url + path, request);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : String(error);
    throw new StartError(`The Convex deployment at ${url} can't be reached (${reason}).`);
  }
}

/**
 * Runs the official `convex deploy` when the functions changed since this data folder's last one.
 * @param name tells deployments apart; an embedded one has another address at each start.
 */
export async function deployWhenChanged(
  deployment: Deployment,
  { name, dataFolder }: { readonly name: string; readonly dataFolder: string },
  log: (line: string) => void,
): Promise<void> {
  const stamp = join(dataFolder, "deployed-hash");
  const hash = `${name} ${hashSourcesOnce(SOURCES, MEMO)}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  log("Deploying the shop's functions with the Convex CLI");
  await runConvex(deployment, [
    "deploy",
    "--yes",
    "--typecheck",
    "disable",
    "--codegen",
    "disable",
  ]);
  writeFileSync(stamp, hash);
}

/**
 * Runs the installed, unmodified Convex CLI against a deployment.
 * @throws StartError with everything the CLI printed.
 */
export function runConvex(deployment: Deployment, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [convexCli(), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: convexEnvironment(deployment),
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new StartError(`convex ${args[0] ?? ""} failed:\n${output}`));
    });
  });
}

export function convexEnvironment(deployment: Deployment): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CONVEX_SELF_HOSTED_URL: deployment.url,
    CONVEX_SELF_HOSTED_ADMIN_KEY: deployment.adminKey,
  };
}

export function convexCli(): string {
  const manifest = createRequire(import.meta.url).resolve("convex/package.json");
  return join(dirname(manifest), "bin", "main.js");
}
