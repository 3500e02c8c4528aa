/** Cuts the power in the middle of what was recorded, and has looked at what is left. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Random } from "../random.ts";
import type { RecordedDisk, RecordedEvent } from "./recorded-disk.ts";
import type { Recording } from "./recorder.ts";

/** What an inspection is asked: it answers with sentences on what is wrong. */
export interface Inspection<Ack> {
  /** A folder that is its own now. */
  readonly left: string;
  readonly acks: readonly Ack[];
}

export interface Cuts {
  readonly disk: RecordedDisk;
  readonly random: Random;
  /**
   * How many moments are chosen by chance, half of them just before a sync; `Infinity` for each moment.
   * The last one is looked at too.
   */
  readonly points: number;
}

/** Returns the first problems, with the moment and a folder that holds what was left then. */
export async function cutPower<Ack>(
  { events, acks }: Recording<Ack>,
  inspector: Inspector<Ack>,
  { disk, random, points }: Cuts,
): Promise<readonly string[]> {
  const relevant = events.filter(isRelevant);
  const chosen = choose(relevant, random, points);
  for (const [position, event] of relevant.entries()) {
    disk.apply(event);
    if (!chosen.has(position)) continue;
    const left = mkdtempSync(join(tmpdir(), "power-cut-left-"));
    disk.cut(random, left);
    const isHeard = (ack: { readonly position: number }) => ack.position <= event.end;
    const heard = acks.filter(isHeard).map(({ ack }) => ack);
    const problems = await inspector.inspect({ left, acks: heard });
    rmSync(left, { recursive: true });
    const moment = `event ${position} of ${relevant.length}, ${event.operation} ${event.path}`;
    if (problems.length > 0) return problems.map((problem) => `${moment}: ${problem}`);
  }
  return [];
}

function choose(events: readonly RecordedEvent[], random: Random, points: number): Set<number> {
  if (points === Infinity) return new Set(events.keys());
  const chosen = new Set([events.length - 1]);
  const beforeSyncs = [...events.keys()].filter((at) => events[at + 1]?.operation === "sync");
  for (let count = 0; count < points; count += 1) {
    const isAny = count % 2 === 0 || beforeSyncs.length === 0;
    const at = random.integer(0, isAny ? events.length : beforeSyncs.length);
    chosen.add(isAny ? at : (beforeSyncs[at] ?? at));
  }
  return chosen;
}

/** Sockets and LMDB's table of readers are nothing that a disk has to keep. */
function isRelevant({ path }: RecordedEvent): boolean {
  return !/lock(\.mdb|-\w+\.sock)$/.test(path);
}

/** A process that inspects: LMDB may end it when the store is torn. */
export class Inspector<Ack> {
  readonly #path: string;
  #process: ChildProcess | null = null;

  /** @param program beside this one. */
  constructor(program: string) {
    this.#path = fileURLToPath(new URL(program, import.meta.url));
  }

  inspect(inspection: Inspection<Ack>): Promise<readonly string[]> {
    const asked = (this.#process ??= fork(this.#path, [], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "inherit", "ignore", "ipc"],
    }));
    return new Promise((resolve) => {
      const ended = () => {
        this.#process = null;
        resolve(["the store ended its process"]);
      };
      asked.once("exit", ended);
      asked.once("message", (problems) => {
        asked.off("exit", ended);
        resolve(problems as readonly string[]);
      });
      asked.send(inspection);
    });
  }

  end(): void {
    this.#process?.kill();
  }
}

/** Makes this process an inspector's. */
export function answerInspections<Ack>(
  inspect: (inspection: Inspection<Ack>) => Promise<readonly string[]>,
): void {
  process.on("message", (inspection) => {
    inspect(inspection as Inspection<Ack>)
      .catch((error: unknown) => [error instanceof Error ? (error.stack ?? "") : String(error)])
      .then((problems) => process.send?.(problems))
      .catch(() => undefined);
  });
}
