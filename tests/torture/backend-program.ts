import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildPrograms } from "#scripts/build.mjs";

const BUILD = fileURLToPath(new URL("../../.cache/torture", import.meta.url));
/** Severity of pino's lines that say what should not have happened. */
const ERROR_LEVEL = 50;

let built: Promise<unknown> | null = null;

export interface Started {
  readonly url: string;
  readonly adminKey: string;
}

/** The backend's program on one folder and port, started and killed again and again. */
export class BackendProgram {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #startedAt = 0;
  /** What it said about faults of its own, and how it ended when nobody ended it. */
  readonly faults: string[] = [];
  /** Milliseconds that starting took the last time. */
  startMs = 500;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async create(folder: string): Promise<BackendProgram> {
    built ??= buildPrograms(BUILD, ["embedded/main.ts"]);
    await built;
    return new BackendProgram(folder, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Begins to start it, without waiting. */
  spawn(): void {
    const entry = join(BUILD, "embedded", "main.js");
    const args = [entry, "--port", String(this.#port), "--data", this.#folder];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.on("data", (chunk: Buffer) => this.#noteFaults(chunk.toString()));
    child.once("exit", (code) => {
      if (child === this.#child) this.faults.push(`It ended by itself with code ${String(code)}.`);
    });
    this.#child = child;
    this.#startedAt = performance.now();
  }

  /** Resolves when it serves. */
  async ready(): Promise<Started> {
    const child = this.#child;
    if (child?.stdout == null) throw new Error("The backend was not started.");
    const ended = once(child, "exit").then(() => {
      throw new Error(`The backend did not start. ${this.faults.join(" ")}`);
    });
    ended.catch(() => undefined);
    let output = "";
    for (;;) {
      const [chunk] = (await Promise.race([once(child.stdout, "data"), ended])) as [Buffer];
      output += chunk.toString();
      const adminKey = /Admin key: (\S+)\n/.exec(output)?.[1];
      if (adminKey === undefined) continue;
      this.startMs = performance.now() - this.#startedAt;
      return { url: this.url, adminKey };
    }
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  #noteFaults(text: string): void {
    for (const line of text.split("\n").filter((candidate) => candidate !== "")) {
      const level = /^\{"level":(\d+)/.exec(line)?.[1];
      if (level === undefined || Number(level) >= ERROR_LEVEL) this.faults.push(line);
    }
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
