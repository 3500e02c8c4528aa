import { fork, type ChildProcess } from "node:child_process";
import { pathToFileURL } from "node:url";

import { StartError, type Environment } from "./settings.ts";

/** How long a part may take to end by itself before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 8_000;

/** From the project's folder, because this file is bundled into another one. */
const END_WITH_PARENT = pathToFileURL("scripts/end-with-parent.mjs").href;

export interface Program {
  readonly entry: string;
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
}

export interface Part {
  readonly name: string;
  readonly process: ChildProcess;
  /** Resolves with the first message of this type that the part sends. */
  message(type: string): Promise<Record<string, unknown>>;
  /** Nothing happens when it has ended. */
  send(message: Readonly<Record<string, unknown>>): void;
}

/**
 * The processes of one running shop. When one of them ends by itself the others are ended too, and
 * `failed` resolves with a sentence that says which and how.
 */
export class PartSupervisor {
  readonly failed: Promise<string>;
  #fail: (sentence: string) => void = () => undefined;
  #isStopping = false;
  readonly #parts: Part[] = [];

  constructor() {
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /**
   * Starts a program in a process group of its own, so that Ctrl-C reaches it through `stop` alone. It
   * gets SIGTERM when this process is gone.
   */
  start(name: string, program: Program, environment: Environment): Part {
    const part = this.#fork(name, program, environment);
    part.process.on("exit", (code, signal) => {
      if (!this.#isStopping) this.#fail(`The ${name} ${howItEnded(code, signal)}.`);
    });
    return part;
  }

  /**
   * Runs a program that ends when it is done, in the same way.
   * @throws StartError when it did not end well; it has said why.
   */
  run(name: string, program: Program, environment: Environment): Promise<void> {
    const part = this.#fork(name, program, environment);
    return new Promise((resolve, reject) => {
      part.process.on("exit", (code, signal) => {
        if (code === 0) resolve();
        else reject(new StartError(`The ${name} ${howItEnded(code, signal)}.`));
      });
    });
  }

  #fork(name: string, program: Program, environment: Environment): Part {
    const child = fork(program.entry, program.args ?? [], {
      env: {
        ...environment,
        LAUNCHER_PID: String(process.pid),
        NODE_ENV: environment["NODE_ENV"] === "development" ? "development" : "production",
      },
      execArgv: ["--import", END_WITH_PARENT, ...(program.nodeArgs ?? [])],
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("error", (error) => {
      this.#fail(`The ${name} could not be started: ${error.message}.`);
    });
    const part: Part = {
      name,
      process: child,
      message: (type) => firstMessage(child, type),
      send: (message) => {
        if (child.connected) child.send(message);
      },
    };
    this.#parts.push(part);
    return part;
  }

  /** Ends every part, last started first: SIGTERM, then SIGKILL after eight seconds. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const part of [...this.#parts].reverse()) await stopProcess(part.process);
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with code ${String(code)}` : `was ended by ${signal}`;
}

function firstMessage(child: ChildProcess, type: string): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    child.on("message", function listen(message: unknown) {
      if (!isTyped(message, type)) return;
      child.off("message", listen);
      resolve(message);
    });
  });
}

function isTyped(message: unknown, type: string): message is Record<string, unknown> {
  return (
    typeof message === "object" && message !== null && "type" in message && message.type === type
  );
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
