/** A project on disk and the unmodified `npx convex`, for tests of the command line. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { TestBackend } from "./test-backend.ts";

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that goes on until it is ended. */
export interface RunningCommand {
  /** Resolves with all output so far once it matches. */
  until(pattern: RegExp): Promise<string>;
  /** All output until now. */
  readonly output: string;
  end(): Promise<void>;
}

export interface CliProject {
  readonly folder: string;
  /** Runs a command to its end. */
  convex(...args: string[]): Promise<Finished>;
  /** The same with something else than the test's own backend and key. */
  convexAt(
    target: { readonly url?: string; readonly adminKey?: string },
    ...args: string[]
  ): Promise<Finished>;
  start(...args: string[]): RunningCommand;
  /** Writes a file into the project's folder and returns its path. */
  write(name: string, content: string): string;
  /** Changes a file below `convex/`. */
  edit(file: string, from: string, to: string): void;
  dispose(): void;
}

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

/** Copies a project of `tests/fixtures`. `backend` is asked each time, because it may restart. */
export function createCliProject(fixture: string, backend: () => TestBackend): CliProject {
  const folder = mkdtempSync(join(tmpdir(), "project-"));
  cpSync(join(REPOSITORY, "tests/fixtures", fixture), folder, { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  const started = new Set<ChildProcessWithoutNullStreams>();
  const convexAt: CliProject["convexAt"] = ({ url, adminKey }, ...args) => {
    const own = backend();
    return finished(spawnCli(folder, url ?? own.url, adminKey ?? own.adminKey, args));
  };
  return {
    folder,
    convexAt,
    convex: (...args) => convexAt({}, ...args),
    start(...args) {
      const child = spawnCli(folder, backend().url, backend().adminKey, args);
      started.add(child);
      return running(child);
    },
    write(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    edit(file, from, to) {
      const path = join(folder, "convex", file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
      writeFileSync(path, text.replace(from, to));
    },
    dispose() {
      // Those that a test has not ended, because it failed before.
      for (const child of started) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function spawnCli(
  folder: string,
  url: string,
  adminKey: string,
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ["node_modules/convex/bin/main.js", ...args], {
    cwd: folder,
    env: {
      ...process.env,
      HOME: folder,
      CONVEX_SELF_HOSTED_URL: url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
    },
  });
  child.stdin.end();
  return child;
}

function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

function running(child: ChildProcessWithoutNullStreams): RunningCommand {
  let output = "";
  const watchers = new Set<() => void>();
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const watch of watchers) watch();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    get output() {
      return output;
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (!pattern.test(output)) return;
          watchers.delete(watch);
          resolve(output);
        };
        watchers.add(watch);
        void closed.then(() => reject(new Error(`It ended before ${String(pattern)}:\n${output}`)));
        watch();
      }),
    async end() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
