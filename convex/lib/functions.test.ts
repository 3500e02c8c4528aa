import { expect, test } from "vitest";

import { api, internal } from "../_generated/api";
import { addGuest, addProduct, addUser, startShop } from "./shop.setup.ts";

const denied = (code: string) => ({ data: { code } });

async function adjustStock(
  caller: ReturnType<typeof startShop> | Awaited<ReturnType<typeof addUser>>["as"],
  variantId: Awaited<ReturnType<typeof addProduct>>["variantId"],
) {
  return await caller.mutation(api.admin.products.adjustStock, {
    variantId,
    delta: 1,
    reason: "test",
  });
}

test("roles: only who has the permission passes a staff function", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const guest = await addGuest(t);
  const client = await addUser(t, { role: "client" });
  const agent = await addUser(t, { role: "agent" });
  const manager = await addUser(t, { role: "manager" });
  await expect(adjustStock(t, variantId)).rejects.toMatchObject(denied("NOT_SIGNED_IN"));
  await expect(adjustStock(guest.as, variantId)).rejects.toMatchObject(denied("NOT_SIGNED_IN"));
  for (const user of [client, agent]) {
    await expect(adjustStock(user.as, variantId)).rejects.toMatchObject({
      data: { code: "FORBIDDEN", permission: "stock:write" },
    });
  }
  await expect(adjustStock(manager.as, variantId)).resolves.toBe(11);
  const list = { search: "", page: 1, pageSize: 10, beside: null };
  await expect(agent.as.query(api.admin.products.list, list)).resolves.toBeDefined();
});

test("roles: a role change takes effect at once on a running session", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const manager = await addUser(t, { role: "manager" });
  await t.run((ctx) => ctx.db.patch("users", manager.userId, { role: "client" }));
  await expect(adjustStock(manager.as, variantId)).rejects.toMatchObject(denied("FORBIDDEN"));
  expect(await manager.as.query(api.account.viewer.get, {})).toMatchObject({ permissions: [] });
});

test("roles: a deactivated account is refused at once, and a stranger on public pages", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const user = await addUser(t);
  await t.run((ctx) => ctx.db.patch("users", user.userId, { deactivatedAt: 1 }));
  const added = user.as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await expect(added).rejects.toMatchObject(denied("ACCOUNT_DEACTIVATED"));
  expect(await user.as.query(api.account.viewer.get, {})).toBeNull();
});

test("ACC-3: an ended session is refused although its token is still valid", async () => {
  const t = startShop();
  const { variantId } = await addProduct(t);
  const user = await addUser(t);
  await t.run((ctx) => ctx.db.delete("authSessions", user.sessionId));
  const added = user.as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  await expect(added).rejects.toMatchObject(denied("SESSION_ENDED"));
  const summary = user.as.query(internal.jobs.sessions.viewer, {});
  await expect(summary).rejects.toMatchObject(denied("SESSION_ENDED"));
});

test("ACC-3: a session of another user gives no access", async () => {
  const t = startShop();
  const ada = await addUser(t);
  const eve = await addUser(t, { email: "eve@example.com" });
  const as = t.withIdentity({ subject: `${ada.userId}|${eve.sessionId}` });
  const summary = as.query(internal.jobs.sessions.viewer, {});
  await expect(summary).rejects.toMatchObject(denied("SESSION_ENDED"));
});

test("ACC-3: a token with another subject than ours is a stranger's", async () => {
  const t = startShop();
  for (const subject of ["", "somebody", "a|b", "|"]) {
    expect(await t.withIdentity({ subject }).query(api.account.viewer.get, {})).toBeNull();
  }
});
