import { vi } from "vitest";

import { listen } from "./http.ts";

export interface Received {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A server that keeps what is posted to it and answers with `statuses` in turn, then 200. */
export async function startReceiver(statuses: readonly number[] = []) {
  const received: Received[] = [];
  const waiting = [...statuses];
  const server = await listen(
    { port: 0, host: "127.0.0.1", maxBodyBytes: 1_000_000, log: () => undefined },
    (request) => {
      received.push({ headers: request.headers, body: request.body.toString("utf8") });
      return { status: waiting.shift() ?? 200 };
    },
  );
  return {
    url: `${server.url}/webhook`,
    received,
    /** Resolves when this many requests have come. */
    waitFor: (count: number) => vi.waitUntil(() => received.length >= count, { timeout: 10_000 }),
    close: () => server.close(),
  };
}
