import type { WithoutSystemFields } from "convex/server";
import type { Infer } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { notFound } from "../lib/errors.ts";
import type { vDemoFile, vDemoPerson } from "../tables/demo.ts";
import { createPasswordAccount } from "./accounts.ts";
import { DAY_MS } from "./demoCatalog.ts";

const MAX_STEPS = 100;

export async function finishedSteps(ctx: QueryCtx): Promise<string[]> {
  const rows = await ctx.db.query("demoSteps").withIndex("by_step").take(MAX_STEPS);
  return rows.map(({ step }) => step);
}

export async function finishStep(ctx: MutationCtx, step: string): Promise<void> {
  const existing = await ctx.db
    .query("demoSteps")
    .withIndex("by_step", (q) => q.eq("step", step))
    .unique();
  if (existing === null) await ctx.db.insert("demoSteps", { step, finishedAt: Date.now() });
}

export async function missingFiles(ctx: QueryCtx, files: readonly string[]): Promise<string[]> {
  const stored = await Promise.all(files.map((file) => findFile(ctx, file)));
  return files.filter((_file, index) => stored[index] === null);
}

export async function recordFile(ctx: MutationCtx, file: Infer<typeof vDemoFile>): Promise<void> {
  const existing = await findFile(ctx, file.file);
  if (existing === null) await ctx.db.insert("demoFiles", file);
  else await ctx.storage.delete(file.storageId);
}

export async function importHomePage(
  ctx: MutationCtx,
  page: Omit<WithoutSystemFields<Doc<"homePages">>, "key">,
): Promise<void> {
  const existing = await ctx.db
    .query("homePages")
    .withIndex("by_key", (q) => q.eq("key", "home"))
    .unique();
  if (existing === null) await ctx.db.insert("homePages", { key: "home", ...page });
  else await ctx.db.patch("homePages", existing._id, page);
}

export async function importPerson(
  ctx: MutationCtx,
  person: Infer<typeof vDemoPerson>,
  passwordHash: string,
): Promise<void> {
  const { email, firstName, lastName, role, phone, address } = person;
  const userId = await createPasswordAccount(ctx, {
    ...{ email, firstName, lastName, role, phone, passwordHash },
    registeredAt: Date.now() - person.registeredDaysAgo * DAY_MS,
  });
  if (userId === null || address === null) return;
  await ctx.db.insert("addresses", {
    ...address,
    userId,
    name: `${firstName} ${lastName}`,
    line2: null,
    phone,
    isDefault: true,
  });
}

export async function getProductBySlug(ctx: QueryCtx, slug: string): Promise<Doc<"products">> {
  const product = await ctx.db
    .query("products")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .unique();
  if (product === null) throw notFound("product");
  return product;
}

async function findFile(ctx: QueryCtx, file: string): Promise<Doc<"demoFiles"> | null> {
  return await ctx.db
    .query("demoFiles")
    .withIndex("by_file", (q) => q.eq("file", file))
    .unique();
}
