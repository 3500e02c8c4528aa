/** The backend's program in a process of its own, for tests of how it starts and ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

import { announcementOf, exitOf, type Announcement } from "./test-announcement.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

export interface StartedProgram extends Announcement {
  readonly child: ChildProcess;
  /** Everything it has printed so far. */
  readonly output: { readonly text: string };
  /** Its exit code, `null` after a signal. */
  readonly exited: Promise<number | null>;
}

interface ProgramOptions {
  readonly uid?: number;
  /** Commands of a shell that come first, such as `ulimit`. */
  readonly shell?: string;
  /** Gives it a channel to this process, as a parent that hands sockets over does. */
  readonly withChannel?: boolean;
}

export interface EndedProgram {
  readonly code: number | null;
  /** Everything it printed. */
  readonly text: string;
}

/** Starts the program and waits until it says where it is; it is killed when the test ends. */
export async function startProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<StartedProgram> {
  const child = spawnProgram(args, options);
  const output = collect(child);
  const exited = exitOf(child);
  return { child, output, exited, ...(await announcementOf(child)) };
}

/** Runs the program until it ends by itself. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<EndedProgram> {
  const child = spawnProgram(args, options);
  const output = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text: output.text.trim() };
}

/** Spawns it and leaves waiting to the test; it is killed when the test ends. */
export function spawnProgram(
  args: readonly string[],
  { uid, shell, withChannel = false }: ProgramOptions = {},
): ChildProcess {
  const command = [process.execPath, "--import", "tsx", MAIN, ...args];
  const [file, ...rest] =
    shell === undefined ? command : ["bash", "-c", `${shell}; exec "$0" "$@"`, ...command];
  const child = spawn(file ?? "", rest, {
    stdio: ["ignore", "pipe", "pipe", ...(withChannel ? (["ipc"] as const) : [])],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(async () => {
    const exited = exitOf(child);
    child.kill("SIGKILL");
    await exited;
  });
  return child;
}

function collect(child: ChildProcess): { text: string } {
  const output = { text: "" };
  child.stdout?.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  return output;
}
