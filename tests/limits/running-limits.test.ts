/** Which test shows each limit of docs/limits.md that bounds no single call. */
import { once } from "node:events";
import { readFileSync } from "node:fs";

import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";

import { RETENTION_LIMITS, RUNNING_LIMITS } from "#embedded/lib/limits.ts";
import { startTestBackend } from "#embedded/test-backend.ts";

const LIMITS = { ...RUNNING_LIMITS, ...RETENTION_LIMITS };

/** The number, and the file and the title of a test. */
const SHOWN: Readonly<
  Record<keyof typeof LIMITS, readonly [max: number, file: string, title: string]>
> = {
  scheduledFunctionsOfAKind: [
    8,
    "embedded/scheduled-turns.test.ts",
    "eight scheduled actions run at a time, and those that hang keep no mutation waiting",
  ],
  mutationsPerSocket: [
    1_000,
    "embedded/sync/session.test.ts",
    "the thousand-and-first waiting mutation closes the socket as overloaded",
  ],
  actionsPerSocket: [
    1_000,
    "tests/limits/running-limits.test.ts",
    "a socket has so many actions that are not answered, and is closed for one more",
  ],
  retriesAfterConflict: [
    4,
    "embedded/functions/mutations.test.ts",
    "a mutation that always loses gives up after four retries and changes nothing",
  ],
  retryPauseMs: [
    2_000,
    "embedded/functions/mutations.test.ts",
    "the pauses between a mutation's retries double, up to two seconds",
  ],
  finishedScheduledFunctionsMs: [
    7 * 86_400_000,
    "embedded/scheduled-functions.test.ts",
    "a finished job is forgotten after a week",
  ],
  answersToMutationsMs: [
    14 * 86_400_000,
    "embedded/housekeeping.test.ts",
    "answers to mutations are known for two weeks",
  ],
  uploadUrlsMs: [
    3_600_000,
    "embedded/auth/upload-tokens.test.ts",
    "a token names its component for one hour",
  ],
  resultsThatReadTheClockMs: [
    15_000,
    "embedded/functions/query-cache.test.ts",
    "a result that read the clock is not given to newcomers for long",
  ],
};

test.for(Object.entries(LIMITS))("a test shows the limit of %s", ([name, { max }]) => {
  const [number, file, title] = SHOWN[name as keyof typeof LIMITS];
  expect(max).toBe(number);
  expect(readFileSync(file, "utf8")).toContain(title);
});

const HANGING = `
  import { action } from "./_generated/server";
  export const hang = action({ handler: () => new Promise(() => undefined) });
`;

test("a socket has so many actions that are not answered, and is closed for one more", async () => {
  // One runs, the others wait.
  const backend = await startTestBackend({ limits: ["actions=1"] });
  onTestFinished(() => backend.dispose());
  await backend.deploy({ calls: HANGING });
  const socket = new WebSocket(`${backend.url.replace("http", "ws")}/api/1.48.0/sync`);
  await once(socket, "open");
  const ask = (requestId: number) =>
    socket.send(JSON.stringify({ type: "Action", requestId, udfPath: "calls:hang", args: [{}] }));
  const { max } = RUNNING_LIMITS.actionsPerSocket;
  for (let requestId = 0; requestId < max; requestId += 1) ask(requestId);
  const empty = { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] };
  socket.send(JSON.stringify(empty));
  // It still answers.
  await once(socket, "message");
  ask(max);
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([1013, "TooManyInflightActionsForSingleClient"]);
}, 60_000);
