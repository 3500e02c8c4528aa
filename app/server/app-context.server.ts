import type { ConvexConnection, ConvexSnapshot } from "#app/server/convex.server.ts";
import type { CookieJar } from "#app/server/cookies.server.ts";
import type { Session } from "#app/server/session.server.ts";
import type { Settings } from "#app/server/settings.server.ts";

/** What the web server makes once per request and every loader and action gets as `context`. */
export type AppContext = {
  readonly settings: Settings;
  /** Also in the log line and the `x-request-id` header: what a visitor can quote. */
  readonly requestId: string;
  /** For inline scripts and styles of this one response. */
  readonly nonce: string;
  readonly client: ClientFacts;
  readonly cookies: CookieJar;
  readonly session: Session;
  /** For actions: `context.connection.client(await context.session.ensureIdentity())`. */
  readonly connection: ConvexConnection;
  /** The queries of this request, at one timestamp. Read it through `loadQueries`. */
  readonly snapshot: ConvexSnapshot;
};

/** What the connection says about the visitor. */
export type ClientFacts = {
  readonly ip: string;
  readonly userAgent: string | null;
};
