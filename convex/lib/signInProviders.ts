import { ConvexCredentials } from "@convex-dev/auth/providers/ConvexCredentials";
import type { Value } from "convex/values";

import { internal } from "../_generated/api";
import type { DataModel, Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { normalizeEmail } from "../domain/emailAddress.ts";
import { MIN_PASSWORD_LENGTH, passwordProblem } from "../domain/password.ts";
import { clientAddress } from "./clientAddress.ts";
import { appError, invalidInput } from "./errors.ts";
import { hashPassword, UNMATCHED_HASH, verifyPassword } from "./passwordHash.ts";

const MAX_NAME_LENGTH = 80;

type SignedIn = { userId: Id<"users"> };

type Params = Partial<Record<string, Value | undefined>>;

/**
 * A browser's private identity. Params: `requestContext`. Whoever has an identity keeps it.
 */
export const anonymousProvider = ConvexCredentials<DataModel>({
  id: "anonymous",
  authorize: async (params, ctx): Promise<SignedIn> => {
    const address = await clientAddress(params["requestContext"]);
    return { userId: await ctx.runMutation(internal.jobs.signIn.ensureGuest, { address }) };
  },
});

/**
 * E-mail and password. Params: `flow` ("signIn" or "signUp"), `email`, `password`,
 * `requestContext`, and for a sign-up `firstName` and `lastName`.
 *
 * Throws INVALID_INPUT, WEAK_PASSWORD, RATE_LIMITED, INVALID_CREDENTIALS, or ACCOUNT_DEACTIVATED
 * (only to who knows the password). Signing up with a taken address is answered like a wrong
 * password, in the same time, and counts like one.
 *
 * The library's own provider hashes on the thread that serves everybody, refuses the right
 * password after foreign failures, and says whether an address has an account.
 */
export const passwordProvider = ConvexCredentials<DataModel>({
  id: "password",
  authorize: async (params, ctx): Promise<SignedIn> => {
    const email = normalizeEmail(readText(params, "email"));
    if (email === null) throw invalidInput("email", "format");
    const address = await clientAddress(params["requestContext"]);
    const credentials = { email, password: readText(params, "password"), address };
    switch (params["flow"]) {
      case "signIn":
        return { userId: await signIn(ctx, credentials) };
      case "signUp":
        return { userId: await signUp(ctx, { ...credentials, ...readNames(params) }) };
      default:
        throw invalidInput("flow", "unsupported");
    }
  },
  crypto: { hashSecret: hashPassword, verifySecret: verifyPassword },
});

type Credentials = { email: string; password: string; address: string };

async function signIn(ctx: ActionCtx, credentials: Credentials): Promise<Id<"users">> {
  const { email, password, address } = credentials;
  const account = await ctx.runMutation(internal.jobs.signIn.begin, { email, address });
  const isRight = await verifyPassword(password, account?.passwordHash ?? UNMATCHED_HASH);
  if (account === null || !isRight) throw appError({ code: "INVALID_CREDENTIALS" });
  return await admit(ctx, { email, address, userId: account.userId });
}

async function signUp(
  ctx: ActionCtx,
  person: Credentials & { firstName: string; lastName: string },
): Promise<Id<"users">> {
  const { email, password, address, firstName, lastName } = person;
  const problem = passwordProblem(password, { email, firstName, lastName });
  if (problem !== null) {
    throw appError({ code: "WEAK_PASSWORD", reason: problem, min: MIN_PASSWORD_LENGTH });
  }
  await ctx.runMutation(internal.jobs.signIn.limitSignUps, { address });
  const existing = await ctx.runMutation(internal.jobs.signIn.begin, { email, address });
  if (existing !== null) {
    const isRight = await verifyPassword(password, existing.passwordHash);
    if (!isRight) throw appError({ code: "INVALID_CREDENTIALS" });
    return await admit(ctx, { email, address, userId: existing.userId });
  }
  const passwordHash = await hashPassword(password);
  const account = { email, firstName, lastName, passwordHash };
  const userId = await ctx.runMutation(internal.jobs.signIn.createAccount, account);
  if (userId === null) throw appError({ code: "INVALID_CREDENTIALS" });
  return await admit(ctx, { email, address, userId });
}

async function admit(
  ctx: ActionCtx,
  attempt: { email: string; address: string; userId: Id<"users"> },
): Promise<Id<"users">> {
  const status = await ctx.runMutation(internal.jobs.signIn.end, attempt);
  if (status === "deactivated") throw appError({ code: "ACCOUNT_DEACTIVATED" });
  return attempt.userId;
}

function readNames(params: Params): { firstName: string; lastName: string } {
  return { firstName: readName(params, "firstName"), lastName: readName(params, "lastName") };
}

function readName(params: Params, field: string): string {
  const name = readText(params, field).trim().replace(/\s+/g, " ");
  if (name === "") throw invalidInput(field, "required");
  if (name.length > MAX_NAME_LENGTH) throw invalidInput(field, "tooLong");
  return name;
}

function readText(params: Params, field: string): string {
  const value = params[field];
  if (typeof value !== "string" || value === "") throw invalidInput(field, "required");
  if (value.length > 1000) throw invalidInput(field, "tooLong");
  return value;
}
