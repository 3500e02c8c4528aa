import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, expect, test } from "vitest";

import { valueOf } from "#app/lib/live-query.ts";

import type { AppContext } from "./app-context.server.ts";
import { connectConvex, type ConvexConnection, takeSnapshot } from "./convex.server.ts";
import { loadQueries } from "./preload.server.ts";

const getProduct = makeFunctionReference<"query", { slug: string }, { price: bigint } | null>(
  "shop/products:get",
);
const getViewer = makeFunctionReference<"query", Record<string, never>, null>("account/viewer:get");

type Received = {
  readonly path: string;
  readonly body: string;
  readonly token: string | undefined;
};

let server: Server;
let connection: ConvexConnection;
let received: Received[];
let answer: { status: number; body: unknown };

beforeEach(async () => {
  received = [];
  answer = {
    status: 200,
    body: { status: "success", value: { price: { $integer: "AQAAAAAAAAA=" } } },
  };
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ path: request.url ?? "", body, token: request.headers.authorization });
      const isClock = request.url === "/api/query_ts";
      response.statusCode = isClock ? 200 : answer.status;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(isClock ? { ts: "AQAAAAAAAAA=" } : answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connection = connectConvex(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  connection.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function argsFor(token: string | null = null, path = "/p/mirror") {
  let forgotten = false;
  const session = { token, forget: () => (forgotten = true) };
  const context = { session, snapshot: takeSnapshot(connection, () => token) };
  return {
    context: context as unknown as AppContext,
    request: new Request(`http://shop.test${path}`),
    wasForgotten: () => forgotten,
  };
}

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing",
    (error: unknown) => error,
  );
}

test("the queries of all loaders of a request are asked at one timestamp", async () => {
  const args = argsFor();
  await Promise.all([
    loadQueries(args, async (preload) => preload(getProduct, { slug: "mirror" })),
    loadQueries(args, async (preload) => preload(getViewer)),
  ]);
  const paths = received.map(({ path }) => path).sort();
  expect(paths).toEqual(["/api/query_at_ts", "/api/query_at_ts", "/api/query_ts"]);
  const queries = received.filter(({ path }) => path === "/api/query_at_ts");
  for (const { body } of queries) expect(body).toContain('"ts":"AQAAAAAAAAA="');
});

test("a handle carries name, arguments and value through a page's data", async () => {
  const { product } = await loadQueries(argsFor(), async (preload) => ({
    product: await preload(getProduct, { slug: "mirror" }),
  }));
  const arrived = JSON.parse(JSON.stringify(product)) as typeof product;
  expect(arrived.name).toBe("shop/products:get");
  expect(arrived.args).toEqual({ slug: "mirror" });
  expect(valueOf(arrived)).toEqual({ price: 1n });
});

test("what a page was rendered from is recorded", async () => {
  const args = argsFor();
  await loadQueries(args, async (preload) => preload(getProduct, { slug: "mirror" }));
  expect(args.context.snapshot.recorded).toEqual([{ query: getProduct, args: { slug: "mirror" } }]);
});

test("the viewer's token goes along, and strangers send none", async () => {
  await loadQueries(argsFor("jwt"), async (preload) => preload(getViewer));
  await loadQueries(argsFor(null), async (preload) => preload(getViewer));
  const tokens = received
    .filter(({ path }) => path === "/api/query_at_ts")
    .map(({ token }) => token);
  expect(tokens).toEqual(["Bearer jwt", undefined]);
});

test.each([
  ["NOT_FOUND", 404],
  ["FORBIDDEN", 403],
])("a query's %s becomes the page's %d", async (code, status) => {
  answer.body = { status: "error", errorMessage: "refused", errorData: { code } };
  const thrown = await thrownBy(loadQueries(argsFor(), (preload) => preload(getViewer)));
  expect(thrown).toBeInstanceOf(Response);
  expect((thrown as Response).status).toBe(status);
});

test("who is not signed in is led to the sign-in page and back", async () => {
  answer.body = { status: "error", errorMessage: "refused", errorData: { code: "NOT_SIGNED_IN" } };
  const args = argsFor(null, "/account/orders");
  const thrown = await thrownBy(loadQueries(args, (preload) => preload(getViewer)));
  expect((thrown as Response).headers.get("location")).toBe(
    "/sign-in?redirectTo=%2Faccount%2Forders",
  );
  expect(args.wasForgotten()).toBe(false);
});

test("a session that ended is forgotten before signing in again", async () => {
  answer.body = { status: "error", errorMessage: "refused", errorData: { code: "SESSION_ENDED" } };
  const args = argsFor("jwt");
  const thrown = await thrownBy(loadQueries(args, (preload) => preload(getViewer)));
  expect((thrown as Response).status).toBe(302);
  expect(args.wasForgotten()).toBe(true);
});

test("a token that the deployment does not accept is forgotten and the page asked for anew", async () => {
  answer = { status: 401, body: { code: "InvalidAuthHeader", message: "no" } };
  const args = argsFor("foreign", "/p/mirror?colour=red");
  const thrown = await thrownBy(loadQueries(args, (preload) => preload(getViewer)));
  expect((thrown as Response).headers.get("location")).toBe("/p/mirror?colour=red");
  expect(args.wasForgotten()).toBe(true);
});

test("arguments that a function refuses are a page that is not there", async () => {
  answer.body = { status: "error", errorMessage: "Server Error\nArgumentValidationError: no id" };
  const thrown = await thrownBy(loadQueries(argsFor(), (preload) => preload(getViewer)));
  expect((thrown as Response).status).toBe(404);
});

test("a deployment out of reach is a 503, whether it refuses or is not there", async () => {
  answer = { status: 503, body: {} };
  const refused = await thrownBy(loadQueries(argsFor(), (preload) => preload(getViewer)));
  expect((refused as Response).status).toBe(503);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await thrownBy(loadQueries(argsFor(), (preload) => preload(getViewer)));
  expect((gone as Response).status).toBe(503);
});

test("a fault stays a fault", async () => {
  answer.body = { status: "error", errorMessage: "Server Error" };
  const thrown = await thrownBy(loadQueries(argsFor(), (preload) => preload(getViewer)));
  expect(thrown).toBeInstanceOf(Error);
});

test("a connection that the deployment closed in the meantime is not the page's problem", async () => {
  await loadQueries(argsFor(), (preload) => preload(getViewer));
  server.closeAllConnections();
  const again = loadQueries(argsFor(), (preload) => preload(getViewer));
  await expect(again).resolves.toBeDefined();
});
