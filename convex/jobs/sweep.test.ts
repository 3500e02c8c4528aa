import { DAY } from "@convex-dev/rate-limiter";
import { expect, test, vi } from "vitest";

import { api, internal } from "../_generated/api";
import { rateLimiter, takeToken } from "../lib/rateLimit.ts";
import { addGuest, addProduct, addUser, startShop } from "../lib/shop.setup.ts";
import { GUEST_LIFETIME_MS } from "../model/sweeps.ts";

const longAgo = () => Date.now() - GUEST_LIFETIME_MS - 1000;

test("ACC-9: a guest's cart is kept for 60 days and swept after that", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const guest = await addGuest(t);
  await guest.as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await t.mutation(internal.jobs.sweep.carts, {});
  expect(await guest.as.query(api.shop.cart.count, {})).toBe(1);
  await t.run(async (ctx) => {
    const cart = await ctx.db.query("carts").first();
    await ctx.db.patch("carts", cart!._id, { updatedAt: longAgo() });
  });
  await t.mutation(internal.jobs.sweep.carts, {});
  expect(await guest.as.query(api.shop.cart.count, {})).toBe(0);
  expect(await t.run((ctx) => ctx.db.query("cartLines").collect())).toEqual([]);
});

test("ACC-9: an account keeps its cart", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const user = await addUser(t);
  await user.as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await t.run(async (ctx) => {
    const cart = await ctx.db.query("carts").first();
    await ctx.db.patch("carts", cart!._id, { updatedAt: longAgo() });
  });
  await t.mutation(internal.jobs.sweep.carts, {});
  expect(await user.as.query(api.shop.cart.count, {})).toBe(1);
});

test("ACC-9: expired sessions and guests who cannot come back are swept, others are not", async () => {
  const t = startShop();
  const gone = await addGuest(t);
  const here = await addGuest(t);
  await t.run(async (ctx) => {
    await ctx.db.patch("authSessions", gone.sessionId, { expirationTime: Date.now() - 1 });
    for (const { userId } of [gone, here]) {
      await ctx.db.patch("users", userId, { registeredAt: longAgo() });
    }
  });
  await t.mutation(internal.jobs.sweep.sessions, {});
  await t.mutation(internal.jobs.sweep.guests, { cursor: null });
  const users = await t.run((ctx) => ctx.db.query("users").collect());
  expect(users.map(({ _id }) => _id)).toEqual([here.userId]);
});

test("ACC-9: counts of attempts are forgotten after a day", async () => {
  const t = startShop();
  const take = (key: string) => t.run((ctx) => takeToken(ctx, "signUp", key));
  const isKnown = (key: string) =>
    t.run(async (ctx) => (await rateLimiter.getValue(ctx, "signUp", { key })).ts > 0);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - DAY - 1000 });
  await take("old");
  vi.useRealTimers();
  await take("young");
  await t.mutation(internal.jobs.sweep.rateLimits, {});
  expect([await isKnown("old"), await isKnown("young")]).toEqual([false, true]);
});
