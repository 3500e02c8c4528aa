import { expect, test } from "vitest";

import type { QueryOutcome } from "../functions/types.ts";
import {
  createFrameEncoder,
  isSameOutcome,
  MAX_UNCHUNKED_LENGTH,
  splitTransition,
} from "./frames.ts";

const start = { querySet: 0, ts: 0n, identity: 0 };
const end = { querySet: 1, ts: 2n ** 62n, identity: 3 };
const success = (valueJson: string, logLines: string[] = []): QueryOutcome => ({
  ok: true,
  valueJson,
  logLines,
  journal: null,
});
const failure = (errorMessage: string, errorDataJson?: string): QueryOutcome => ({
  ok: false,
  errorMessage,
  logLines: [],
  journal: "j",
  ...(errorDataJson === undefined ? {} : { errorDataJson }),
});
const parse = (frame: Buffer) => JSON.parse(frame.toString()) as Record<string, unknown>;

test("a transition carries its versions and one modification per query", () => {
  const frame = createFrameEncoder().transition(start, end, [
    { queryId: 0, outcome: success('{"a":[1,null]}', ["[LOG] 'x'"]) },
    { queryId: 1, outcome: failure("[Request ID: ab] Server Error", "null") },
    { queryId: 2, outcome: failure("broken") },
    { queryId: 3, outcome: null },
  ]);
  expect(parse(frame)).toEqual({
    type: "Transition",
    startVersion: { querySet: 0, ts: "AAAAAAAAAAA=", identity: 0 },
    endVersion: { querySet: 1, ts: "AAAAAAAAAEA=", identity: 3 },
    modifications: [
      {
        type: "QueryUpdated",
        queryId: 0,
        value: { a: [1, null] },
        logLines: ["[LOG] 'x'"],
        journal: null,
      },
      {
        type: "QueryFailed",
        queryId: 1,
        errorMessage: "[Request ID: ab] Server Error",
        errorData: null,
        logLines: [],
        journal: "j",
      },
      { type: "QueryFailed", queryId: 2, errorMessage: "broken", logLines: [], journal: "j" },
      { type: "QueryRemoved", queryId: 3 },
    ],
  });
});

test("sockets in step share the bytes of a frame, others do not", () => {
  const encoder = createFrameEncoder();
  const outcome = success("1");
  const frame = encoder.transition(start, end, [{ queryId: 0, outcome }]);
  expect(encoder.transition({ ...start }, { ...end }, [{ queryId: 0, outcome }])).toBe(frame);
  for (const other of [
    encoder.transition(start, end, [{ queryId: 7, outcome }]),
    encoder.transition({ ...start, identity: 1 }, end, [{ queryId: 0, outcome }]),
    encoder.transition(start, { ...end, ts: 5n }, [{ queryId: 0, outcome }]),
    encoder.transition(start, end, [{ queryId: 0, outcome: success("1") }]),
  ]) {
    expect(other).not.toBe(frame);
  }
  const seventh = encoder.transition(start, end, [{ queryId: 7, outcome }]);
  expect(parse(seventh)["modifications"]).toMatchObject([{ queryId: 7 }]);
});

test("sockets in step share the bytes of a frame among others that are not", () => {
  const encoder = createFrameEncoder();
  const [first, second] = [success("1"), success("2")];
  const changes = () => [
    { queryId: 0, outcome: first },
    { queryId: 1, outcome: second },
    { queryId: 2, outcome: null },
  ];
  const steps = [0, 1, 2, 3].map((querySet) => ({ ...start, querySet }));
  const frames = steps.map((step) => encoder.transition(step, end, changes()));
  expect(new Set(frames).size).toBe(steps.length);
  for (const [position, step] of steps.entries()) {
    expect(encoder.transition({ ...step }, { ...end }, changes())).toBe(frames[position]);
  }
  const [, other] = changes();
  expect(other && encoder.transition(start, end, [other])).not.toBe(frames[0]);
});

test("few frames are kept that begin with the same outcome, and of large ones the last alone", () => {
  const encoder = createFrameEncoder();
  const [small, large] = [success("1"), success(JSON.stringify("x".repeat(1024 * 1024)))];
  const tell = (outcome: QueryOutcome, querySet: number) =>
    encoder.transition({ ...start, querySet }, end, [{ queryId: 0, outcome }]);
  for (const [outcome, kept] of [
    [small, 16],
    [large, 1],
  ] as const) {
    const frames = Array.from({ length: 20 }, (_, querySet) => tell(outcome, querySet));
    const last = frames.length - 1;
    for (let back = 0; back < kept; back += 1) {
      expect(tell(outcome, last - back)).toBe(frames[last - back]);
    }
    expect(tell(outcome, last - kept)).not.toBe(frames[last - kept]);
  }
});

test("a large transition in parts is the same text when put together again", () => {
  const value = "äöü€😀".repeat(1_000_000);
  const frame = createFrameEncoder().transition(start, end, [
    { queryId: 0, outcome: success(JSON.stringify(value)) },
  ]);
  const chunks = splitTransition(frame).map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(chunks.length).toBeGreaterThan(1);
  expect(chunks.map(({ partNumber }) => partNumber)).toEqual([...chunks.keys()]);
  expect(new Set(chunks.map(({ transitionId }) => transitionId)).size).toBe(1);
  expect(chunks[0]).toMatchObject({ type: "TransitionChunk", totalParts: chunks.length });
  expect(chunks.map(({ chunk }) => chunk).join("")).toBe(frame.toString());
  expect(String(chunks[0]?.["chunk"])).toHaveLength(MAX_UNCHUNKED_LENGTH);
});

test("responses carry a timestamp only where the protocol has one", () => {
  const encoder = createFrameEncoder();
  const failed = { ok: false, errorMessage: 'say "no"', logLines: [] } as const;
  expect(
    JSON.parse(encoder.actionResponse(4, { ok: true, valueJson: "[]", logLines: [] })),
  ).toEqual({ type: "ActionResponse", requestId: 4, success: true, result: [], logLines: [] });
  expect(JSON.parse(encoder.actionResponse(4, failed))).toEqual({
    type: "ActionResponse",
    requestId: 4,
    success: false,
    result: 'say "no"',
    logLines: [],
  });
  expect(JSON.parse(encoder.mutationResponse(5, failed))).toMatchObject({ ts: null });
});

test("outcomes are the same when a client could not tell them apart", () => {
  expect(isSameOutcome(null, success("1"))).toBe(false);
  expect(isSameOutcome(success("1"), success("1"))).toBe(true);
  expect(isSameOutcome(success("1"), success("2"))).toBe(false);
  expect(isSameOutcome(success("1"), success("1", ["[LOG] 'x'"]))).toBe(false);
  expect(isSameOutcome(success('"x"'), failure("x"))).toBe(false);
  const first = failure("[Request ID: 00ff] Server Error\nUncaught Error: a");
  expect(isSameOutcome(first, failure("[Request ID: ff00] Server Error\nUncaught Error: a"))).toBe(
    true,
  );
  expect(isSameOutcome(first, failure("[Request ID: ff00] Server Error\nUncaught Error: b"))).toBe(
    false,
  );
  expect(isSameOutcome(failure("a", "1"), failure("a", "2"))).toBe(false);
});
