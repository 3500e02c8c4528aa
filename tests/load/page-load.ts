import type { PageFigures, PageLoad } from "./messages.ts";
import { PageCaller } from "./page-caller.ts";
import { faultOf, type PageChange } from "./page-requests.ts";

/**
 * Asks for pages over several connections at once.
 * @throws Error for a page that is not what was asked for.
 */
export async function measurePages(load: PageLoad): Promise<PageFigures> {
  const cookie = load.cookie === null ? "" : `Cookie: ${load.cookie}\r\n`;
  const latencies: number[] = [];
  let bytes = 0;
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: load.callers }, async () => {
      const caller = await PageCaller.open(load.port, `Accept: text/html\r\n${cookie}`);
      const changer = load.change === null ? null : await openChanger(load.port, load.change);
      try {
        while (performance.now() - startedAt < load.durationMs) {
          const request = load.requests[next];
          if (request === undefined) return;
          next += 1;
          await changer?.change();
          const sentAt = performance.now();
          const answer = await caller.get(request.path);
          latencies.push(performance.now() - sentAt);
          bytes += answer.bytes;
          const fault = faultOf(request, answer);
          if (fault !== null) throw new Error(`The page ${request.path} is wrong: ${fault}.`);
        }
      } finally {
        caller.close();
        changer?.close();
      }
    }),
  );
  return { latencies, elapsedMs: performance.now() - startedAt, bytes };
}

interface Changer {
  readonly change: () => Promise<void>;
  readonly close: () => void;
}

async function openChanger(port: number, { path, body, token }: PageChange): Promise<Changer> {
  const caller = await PageCaller.open(port, `Authorization: Bearer ${token}\r\n`);
  return {
    change: async () => {
      const { status, body: answer } = await caller.post(path, body);
      if (status === 200 && answer.includes('"status":"success"')) return;
      throw new Error(`The change failed: ${answer.toString()}`);
    },
    close: () => caller.close(),
  };
}
