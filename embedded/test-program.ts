/** The backend's program in a process of its own, for tests of how it starts and ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

export interface StartedProgram {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminKey: string;
}

export interface EndedProgram {
  readonly code: number | null;
  /** Everything it printed. */
  readonly text: string;
}

/** Starts the program and waits until it says where it is; it is killed when the test ends. */
export async function startProgram(args: readonly string[]): Promise<StartedProgram> {
  const child = spawnProgram(args);
  const output = collect(child);
  for (;;) {
    const adminKey = /Admin key: (\S+)/.exec(output.text)?.[1];
    const url = /http:\S+?(?=,)/.exec(output.text)?.[0];
    if (adminKey !== undefined && url !== undefined) return { child, url, adminKey };
    if (child.exitCode !== null) throw new Error(`It did not start: ${output.text}`);
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  }
}

/** Runs the program until it ends by itself. */
export async function runProgram(
  args: readonly string[],
  options: { readonly uid?: number } = {},
): Promise<EndedProgram> {
  const child = spawnProgram(args, options);
  const output = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text: output.text.trim() };
}

function spawnProgram(args: readonly string[], { uid }: { readonly uid?: number } = {}) {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function collect(child: ChildProcess): { text: string } {
  const output = { text: "" };
  child.stdout?.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  return output;
}
