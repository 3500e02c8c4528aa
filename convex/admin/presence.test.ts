import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { api } from "../_generated/api";
import { pass } from "../lib/payments.setup.ts";
import { addUser, startShop } from "../lib/shop.setup.ts";

const ROOM = "orders/VT-10001";
const INTERVAL_MS = 10_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

async function startTwo() {
  const t = startShop();
  const ines = await addUser(t, { role: "manager", email: "ines@example.com" });
  const tom = await addUser(t, { role: "agent", email: "tom@example.com" });
  const open = (who: typeof ines, over: object = {}) =>
    who.as.mutation(api.admin.presence.heartbeat, {
      ...{ roomId: ROOM, userId: "whoever", sessionId: "page", interval: INTERVAL_MS, ...over },
    });
  return { t, ines, tom, open };
}

test("ADM-5 staff see who else has the same order open, not themselves, and when they leave", async () => {
  const { ines, tom, open } = await startTwo();
  const { roomToken } = await open(ines);
  const seen = async () =>
    (await ines.as.query(api.admin.presence.list, { roomToken })).map(({ userId }) => userId);
  expect(await seen()).toEqual([]);
  const { sessionToken } = await open(tom);
  expect(await seen()).toEqual([tom.userId]);
  await tom.as.mutation(api.admin.presence.disconnect, { sessionToken });
  expect(await seen()).toEqual([]);
});

test("ADM-5 who is silent for two and a half intervals is gone", async () => {
  const { t, ines, tom, open } = await startTwo();
  const { roomToken } = await open(ines);
  await open(tom);
  await pass(t, 3 * INTERVAL_MS);
  expect(await ines.as.query(api.admin.presence.list, { roomToken })).toEqual([]);
});

test("ADM-5 pages that are no pages of the management have no presence", async () => {
  const { ines, open } = await startTwo();
  for (const over of [{ roomId: "chat/1" }, { sessionId: "" }, { interval: 1 }]) {
    await expect(open(ines, over)).rejects.toMatchObject({ data: { code: "INVALID_INPUT" } });
  }
});

test("ADM-5 customers have no part in it", async () => {
  const { t, open } = await startTwo();
  const customer = await addUser(t, { email: "eve@example.com" });
  await expect(open(customer)).rejects.toMatchObject({ data: { code: "FORBIDDEN" } });
});
