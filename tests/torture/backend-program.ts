import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { announcementOf, exitOf, type Announcement } from "#embedded/test-announcement.ts";

import { builtBackend } from "../support/built-backend.ts";

const BUILD = fileURLToPath(new URL("../../.cache/torture", import.meta.url));
/** Severity of pino's lines that say what should not have happened. */
const ERROR_LEVEL = 50;

/** The backend's program on one folder and port, started and killed again and again. */
export class BackendProgram {
  readonly #entry: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  #startedAt = 0;
  /** What it said about faults of its own, and how it ended when nobody ended it. */
  readonly faults: string[] = [];
  /** Milliseconds that starting took the last time. */
  startMs = 500;

  private constructor(entry: string, folder: string, port: number, environment: NodeJS.ProcessEnv) {
    this.#entry = entry;
    this.#folder = folder;
    this.#port = port;
    this.#environment = environment;
  }

  /** @param build where it is built; builders of the same folder must not run at once. */
  static async create(
    folder: string,
    { build = BUILD, environment = process.env } = {},
  ): Promise<BackendProgram> {
    return new BackendProgram(await builtBackend(build), folder, await freePort(), environment);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Begins to start it, without waiting. */
  spawn(): void {
    const args = [this.#entry, "--port", String(this.#port), "--data", this.#folder];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: this.#environment,
    });
    createInterface(child.stderr).on("line", (line) => this.#noteFault(line));
    child.once("exit", (code) => {
      if (child === this.#child) this.faults.push(`It ended by itself with code ${String(code)}.`);
    });
    this.#child = child;
    this.#startedAt = performance.now();
  }

  /** Resolves when it serves. */
  async ready(): Promise<Announcement> {
    if (this.#child === null) throw new Error("The backend was not started.");
    const announcement = await announcementOf(this.#child);
    this.startMs = performance.now() - this.#startedAt;
    return announcement;
  }

  /** Resolves to its exit code when it is gone. @param end what ends it, `kill -9` by default. */
  async kill(
    end: (child: ChildProcess) => void = (child) => void child.kill("SIGKILL"),
  ): Promise<number | null> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return null;
    const gone = exitOf(child);
    end(child);
    return gone;
  }

  #noteFault(line: string): void {
    const level = /^\{"level":(\d+)/.exec(line)?.[1];
    if (level === undefined || Number(level) >= ERROR_LEVEL) this.faults.push(line);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
