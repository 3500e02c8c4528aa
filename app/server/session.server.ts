import { createHash } from "node:crypto";

import { makeFunctionReference } from "convex/server";
import { decodeJwt, errors, type JWTPayload } from "jose";
import * as z from "zod";

import { asAppError } from "#app/lib/errors.ts";
import type { ClientFacts } from "#app/server/app-context.server.ts";
import {
  type ConvexConnection,
  isTokenRejection,
  isUnavailable,
} from "#app/server/convex.server.ts";
import type { CookieJar, CookieSpec } from "#app/server/cookies.server.ts";
import { signRequestContext } from "#convex/domain/requestContext.ts";

const KEEP_SECONDS = 60 * 24 * 60 * 60;
const REFRESH_BEFORE_EXPIRY_MS = 60_000;
const SHARED_REFRESH_MS = 10_000;

const vTokens = z.object({ token: z.string().min(1), refreshToken: z.string().min(1) });
const vSignInResult = z.object({ tokens: vTokens.nullish() });
const vRefresh = z.object({ refreshToken: z.string().min(1), keep: z.boolean() });

type Tokens = z.infer<typeof vTokens>;

const tokenCookie: CookieSpec<string> = {
  name: "vitrine-token",
  parse: (value) => (typeof value === "string" && value !== "" ? value : null),
};
const refreshCookie: CookieSpec<z.infer<typeof vRefresh>> = {
  name: "vitrine-refresh",
  parse: (value) => vRefresh.safeParse(value).data ?? null,
};

const signInAction = makeFunctionReference<"action">("auth:signIn");
const signOutAction = makeFunctionReference<"action">("auth:signOut");

/** What the session needs from the process around it. */
export type SessionEnvironment = {
  readonly connection: ConvexConnection;
  readonly refresh: Refresher;
  readonly requestContextSecret: string;
  readonly now: () => number;
};

export type Credentials = {
  readonly flow: "signIn" | "signUp";
  readonly email: string;
  readonly password: string;
  readonly firstName?: string;
  readonly lastName?: string;
};

/**
 * Who the visitor is, kept in two httpOnly cookies: the short-lived token that Convex checks, and the
 * refresh token that buys the next one. Guests have no identity until they write something.
 */
export class Session {
  readonly #environment: SessionEnvironment;
  readonly #cookies: CookieJar;
  readonly #client: ClientFacts;
  #token: string | null;
  #refresh: { readonly refreshToken: string; readonly keep: boolean } | null;
  #failure: unknown = null;

  private constructor(
    environment: SessionEnvironment,
    cookies: CookieJar,
    client: ClientFacts,
    state: Pick<Session, "token"> & { readonly refresh: z.infer<typeof vRefresh> | null },
  ) {
    this.#environment = environment;
    this.#cookies = cookies;
    this.#client = client;
    this.#token = state.token;
    this.#refresh = state.refresh;
  }

  /** Reads the cookies and, when the token is about to end, refreshes it once for the whole request. */
  static async open(
    environment: SessionEnvironment,
    cookies: CookieJar,
    client: ClientFacts,
  ): Promise<Session> {
    const [token, refresh] = [await cookies.get(tokenCookie), await cookies.get(refreshCookie)];
    const session = new Session(environment, cookies, client, { token, refresh });
    if (token === null && refresh === null) return session;
    if (token === null || expiresAt(token) < environment.now() + REFRESH_BEFORE_EXPIRY_MS) {
      try {
        await session.refresh();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        session.#failure = error;
      }
    }
    return session;
  }

  /** The token for Convex, or null for a visitor without an identity. @throws UnavailableError */
  get token(): string | null {
    if (this.#failure !== null) throw this.#failure;
    return this.#token;
  }

  /** The same as long as the same session of the same user is meant; tells nothing about it. */
  get key(): string | null {
    if (this.#token === null) return null;
    const { sub = "" } = claimsOf(this.#token);
    return createHash("sha256").update(sub).digest("base64url").slice(0, 16);
  }

  /** Buys a new token, or ends the session when it is no longer good. @throws UnavailableError */
  async refresh(): Promise<string | null> {
    if (this.#refresh === null) {
      this.forget();
      return null;
    }
    const { refreshToken, keep } = this.#refresh;
    const tokens = await this.#environment.refresh(refreshToken);
    if (tokens === null) this.forget();
    else this.#keep(tokens, keep);
    return this.#token;
  }

  /** The visitor's token; a visitor who has none becomes a guest now, because something is being written. */
  async ensureIdentity(): Promise<string> {
    if (this.token !== null) return this.token;
    const tokens = await this.#signIn("anonymous", {});
    this.#keep(tokens, true);
    return tokens.token;
  }

  /**
   * Signs in or registers. A guest's token goes along, so that cart and chat pass to the account.
   * `keep` false ends the session with the browser. @throws ConvexError of AppError
   */
  async signIn(credentials: Credentials, keep: boolean): Promise<void> {
    this.#keep(await this.#signIn("password", credentials), keep);
  }

  async signOut(): Promise<void> {
    try {
      if (this.token !== null)
        await this.#environment.connection.client(this.token).action(signOutAction);
    } catch (error) {
      if (!isTokenRejection(error)) throw error;
    }
    this.forget();
  }

  /** Drops the cookies without telling Convex: the session there has ended already. */
  forget(): void {
    this.#token = null;
    this.#refresh = null;
    this.#cookies.delete(tokenCookie);
    this.#cookies.delete(refreshCookie);
  }

  /** What functions take as `requestContext`: the visitor's address and agent, signed. */
  requestContext(): Promise<string> {
    const { requestContextSecret, now } = this.#environment;
    return signRequestContext(
      { ip: this.#client.ip, userAgent: this.#client.userAgent ?? "" },
      { secret: requestContextSecret, now: now() },
    );
  }

  async #signIn(
    provider: "anonymous" | "password",
    params: Record<string, unknown>,
  ): Promise<Tokens> {
    const args = { provider, params: { ...params, requestContext: await this.requestContext() } };
    const call = (token: string | null) =>
      this.#environment.connection.client(token).action(signInAction, args);
    const result: unknown = await call(this.token).catch((error: unknown) => {
      // An old token must not stand in the way of getting a new one.
      if (isTokenRejection(error)) return call(null);
      throw error;
    });
    const { tokens } = vSignInResult.parse(result);
    if (!tokens) throw new Error(`Signing in with ${provider} gave no tokens`);
    return tokens;
  }

  #keep(tokens: Tokens, keep: boolean): void {
    this.#token = tokens.token;
    this.#refresh = { refreshToken: tokens.refreshToken, keep };
    const maxAgeSeconds = keep ? KEEP_SECONDS : null;
    this.#cookies.set(tokenCookie, tokens.token, maxAgeSeconds);
    this.#cookies.set(refreshCookie, this.#refresh, maxAgeSeconds);
  }
}

export type Refresher = (refreshToken: string) => Promise<Tokens | null>;

/**
 * Exchanges refresh tokens. A refresh token is good for one exchange, but requests come in parallel:
 * those that bring the same one within seconds share its result.
 */
export function createRefresher(connection: ConvexConnection): Refresher {
  const shared = new Map<string, Promise<Tokens | null>>();
  return (refreshToken) => {
    let exchange = shared.get(refreshToken);
    if (exchange === undefined) {
      exchange = connection
        .client(null)
        .action(signInAction, { refreshToken })
        .then(
          (result) => vSignInResult.parse(result).tokens ?? null,
          (error: unknown) => {
            if (asAppError(error)?.code === "SESSION_ENDED") return null;
            throw error;
          },
        );
      shared.set(refreshToken, exchange);
      exchange.then(
        () => setTimeout(() => shared.delete(refreshToken), SHARED_REFRESH_MS).unref(),
        () => shared.delete(refreshToken),
      );
    }
    return exchange;
  };
}

/** Milliseconds of Unix time; 0 for what is no token at all. */
function expiresAt(token: string): number {
  return (claimsOf(token).exp ?? 0) * 1000;
}

/** What the token says; whether it is true, only the deployment can tell. Empty for what is none. */
function claimsOf(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch (error) {
    if (error instanceof errors.JWTInvalid) return {};
    throw error;
  }
}
