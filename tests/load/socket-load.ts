import { randomUUID } from "node:crypto";

import { WebSocket } from "ws";

import { processorTime } from "./child-process.ts";
import { percentile, type FanoutFigures, type FanoutLoad } from "./messages.ts";

const OPENING_AT_ONCE = 50;
/** Both servers have compiled what they run by then. */
const WARM_UP_MS = 3_000;
const CHANGE_TIMEOUT_MS = 10_000;
/** What tells a frame that is counted from others; looked for in the control's frames as well. */
const UPDATE = '"QueryUpdated"';

/** One change after the other; each is timed from its sending to the last watcher's receipt. */
export async function measureFanout(load: FanoutLoad): Promise<FanoutFigures> {
  const receipt = new Receipt(load.watchers);
  const watchers: WebSocket[] = [];
  const changer = await openSocket(load);
  try {
    while (watchers.length < load.watchers) {
      const opening = Math.min(OPENING_AT_ONCE, load.watchers - watchers.length);
      watchers.push(
        ...(await Promise.all(Array.from({ length: opening }, () => openWatcher(load, receipt)))),
      );
    }
    return await timeChanges(load, changer, receipt);
  } finally {
    for (const socket of [...watchers, changer]) socket.terminate();
  }
}

async function timeChanges(
  load: FanoutLoad,
  changer: WebSocket,
  receipt: Receipt,
): Promise<FanoutFigures> {
  let count = 0;
  const change = async (): Promise<number> => {
    const done = receipt.expect();
    const sentAt = performance.now();
    changer.send(load.server === "bare" ? "change" : mutationFrame(load, count));
    count += 1;
    await done;
    return performance.now() - sentAt;
  };
  const measuresFrom = performance.now() + WARM_UP_MS;
  while (performance.now() < measuresFrom) await change();
  const times: number[] = [];
  const usedBeforeMs = processorTime(load.pid);
  while (times.length < load.changes) times.push(await change());
  const usedMs = processorTime(load.pid) - usedBeforeMs;
  return {
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    processorUs: (usedMs * 1000) / load.changes,
    frame: receipt.frame,
  };
}

/** Counts frames until every watcher has the one that is due. */
class Receipt {
  readonly #watchers: number;
  #missing = 0;
  #done: () => void = () => undefined;
  #frame: Buffer = Buffer.alloc(0);

  constructor(watchers: number) {
    this.#watchers = watchers;
  }

  /** The last one taken. */
  get frame(): string {
    return this.#frame.toString();
  }

  expect(): Promise<void> {
    this.#missing = this.#watchers;
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new Error(`${String(this.#missing)} watchers were not told in time`)),
        CHANGE_TIMEOUT_MS,
      );
      this.#done = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }

  take(frame: Buffer): void {
    this.#frame = frame;
    this.#missing -= 1;
    if (this.#missing === 0) this.#done();
  }
}

/** Resolves once the watcher's query has its first result. */
async function openWatcher(load: FanoutLoad, receipt: Receipt): Promise<WebSocket> {
  const socket = await openSocket(load);
  if (load.server === "convex") {
    const first = nextFrameWith(socket, UPDATE);
    socket.send(
      JSON.stringify({
        type: "ModifyQuerySet",
        baseVersion: 0,
        newVersion: 1,
        modifications: [
          { type: "Add", queryId: 0, udfPath: "products:stockOf", args: [{ id: load.productId }] },
        ],
      }),
    );
    await first;
  }
  socket.on("message", (frame: Buffer) => {
    if (frame.includes(UPDATE)) receipt.take(frame);
  });
  return socket;
}

async function openSocket({ port, server }: FanoutLoad): Promise<WebSocket> {
  const path = server === "convex" ? "/api/1.48.0/sync" : "/";
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`, {
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  if (server === "convex") {
    socket.send(
      JSON.stringify({
        type: "Connect",
        sessionId: randomUUID(),
        connectionCount: 0,
        lastCloseReason: "InitialConnect",
        clientTs: Date.now(),
      }),
    );
  }
  return socket;
}

function nextFrameWith(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("close", () => reject(new Error("The server closed a watcher's socket.")));
    socket.on("message", function listen(frame: Buffer) {
      if (!frame.includes(text)) return;
      socket.off("message", listen);
      socket.removeAllListeners("close");
      resolve();
    });
  });
}

function mutationFrame({ productId }: FanoutLoad, change: number): string {
  return JSON.stringify({
    type: "Mutation",
    requestId: change,
    udfPath: "products:setStock",
    args: [{ id: productId, stock: 1_000_000 + change }],
  });
}
