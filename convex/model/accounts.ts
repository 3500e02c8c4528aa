import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { Role } from "../domain/permissions.ts";

/** The name of our password provider in the sign-in library's tables. */
export const PASSWORD_PROVIDER = "password";

export type NewAccount = {
  email: string;
  firstName: string;
  lastName: string;
  role: Role;
  phone: string | null;
  passwordHash: string;
  registeredAt: number;
};

/** The account that signs in with this address (already in lower case), or null. */
export async function findPasswordAccount(
  ctx: Pick<QueryCtx, "db">,
  email: string,
): Promise<Doc<"authAccounts"> | null> {
  return await ctx.db
    .query("authAccounts")
    .withIndex("providerAndAccountId", (q) =>
      q.eq("provider", PASSWORD_PROVIDER).eq("providerAccountId", email),
    )
    .unique();
}

/** Null when the address is taken: reading and writing are one transaction, so one of two wins. */
export async function createPasswordAccount(
  ctx: MutationCtx,
  account: NewAccount,
): Promise<Id<"users"> | null> {
  if ((await findPasswordAccount(ctx, account.email)) !== null) return null;
  const { email, firstName, lastName, role, phone, registeredAt } = account;
  const userId = await ctx.db.insert("users", {
    ...{ kind: "account", email, firstName, lastName, role, phone, registeredAt },
    emailVerifiedAt: null,
    deactivatedAt: null,
    mergedIntoUserId: null,
  });
  await ctx.db.insert("authAccounts", {
    userId,
    provider: PASSWORD_PROVIDER,
    providerAccountId: email,
    secret: account.passwordHash,
  });
  return userId;
}
