import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

type Answer = { readonly ready: true } | { readonly figures: unknown } | { readonly error: string };

/** A process of the bench's own that does one task at a time. */
export class BenchChild {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param entry `load-process.ts` or `control-process.ts` */
  static async start(entry: "load-process.ts" | "control-process.ts"): Promise<BenchChild> {
    const path = fileURLToPath(new URL(entry, import.meta.url));
    const child = new BenchChild(fork(path, [], { execArgv: ["--import", "tsx"] }));
    await child.#answer();
    return child;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws Error with what the child said when it failed or ended. */
  async run<Figures>(task: object): Promise<Figures> {
    this.#child.send(task);
    return (await this.#answer()) as Figures;
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error("A process of the bench has ended by itself."));
      this.#child.once("exit", ended);
      this.#child.once("message", (message) => {
        this.#child.off("exit", ended);
        const answer = message as Answer;
        if ("error" in answer) reject(new Error(answer.error));
        else resolve("figures" in answer ? answer.figures : null);
      });
    });
  }
}

/**
 * Memory that belongs to a process alone, in bytes: without mapped files, which inflate the rest.
 * Nothing when it has ended meanwhile.
 */
export function anonymousMemory(pid: number): number {
  const status = readProcess(pid, "status") ?? "";
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** What Linux tells of a process, `null` when it has ended. */
export function readProcess(pid: number, file: "status" | "stat" | "cmdline"): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, "utf8");
  } catch {
    return null;
  }
}

/** Processor time that a process has used, in milliseconds. */
export function processorTime(pid: number): number {
  const stat = readProcess(pid, "stat") ?? "";
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * MS_PER_TICK;
}

/** Linux counts hundredths of a second, whatever its own clock. */
const MS_PER_TICK = 10;
