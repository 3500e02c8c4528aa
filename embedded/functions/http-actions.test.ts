import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";
import type { Caller } from "./types.ts";

const ANYONE = { caller: { kind: "client", identity: null } } as const;
const METADATA = { requestId: "00112233aabbccdd", ip: null, userAgent: null };

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    http: `
      import { httpRouter, httpActionGeneric as httpAction, queryGeneric as query, makeFunctionReference as ref } from "convex/server";
      import { ConvexError } from "convex/values";
      const http = httpRouter();
      const route = (method, path, handler) => http.route({ path, method, handler: httpAction(handler) });
      route("POST", "/echo", async (ctx, request) => new Response(await request.text(), { status: 201, headers: { "X-Seen": request.headers.get("x-sent"), "Content-Type": "text/plain" } }));
      route("GET", "/url", async (ctx, request) => Response.json({ url: request.url, method: request.method }));
      route("GET", "/cookies", async () => { const headers = new Headers(); headers.append("Set-Cookie", "a=1"); headers.append("Set-Cookie", "b=2"); return new Response(null, { status: 204, headers }); });
      route("GET", "/stream", async () => {
        let n = 0;
        return new Response(new ReadableStream({ async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (n++ < 3) controller.enqueue(new TextEncoder().encode("part" + n + ";")); else controller.close();
        } }));
      });
      route("GET", "/endless", async (ctx) => new Response(new ReadableStream({
        pull(controller) { controller.enqueue(new Uint8Array(1000)); },
        cancel() { globalThis.cancelled = (globalThis.cancelled ?? 0) + 1; },
      })));
      route("GET", "/cancelled", async () => Response.json(globalThis.cancelled ?? 0));
      route("GET", "/broken-stream", async () => new Response(new ReadableStream({ pull(controller) { controller.error(new Error("broke")); } })));
      route("GET", "/throw", async () => { throw new Error("uncaught"); });
      route("GET", "/throw-data", async () => { throw new ConvexError({ code: "X" }); });
      route("GET", "/not-a-response", async () => "text");
      route("GET", "/whoami", async (ctx) => {
        try { return Response.json((await ctx.auth.getUserIdentity())?.subject ?? null); }
        catch (error) { return new Response(error.message, { status: 401 }); }
      });
      route("GET", "/query", async (ctx) => Response.json(await ctx.runQuery(ref("http:answer"))));
      http.route({ pathPrefix: "/prefix/", method: "DELETE", handler: httpAction(async (ctx, request) => new Response(new URL(request.url).pathname)) });
      export const answer = query(async () => 42);
      export default http;
    `,
  });
});

afterAll(() => deployment.close());

function send(
  path: string,
  init: RequestInit = {},
  auth: { caller: Caller } | { error: string } = ANYONE,
): Promise<Response> {
  const request = new Request(`http://site.example${path}`, init);
  return deployment.runner.runHttpAction(request, auth, METADATA);
}

test("a request goes to its route with method, headers and body, and the response comes back", async () => {
  const response = await send("/echo", {
    method: "POST",
    body: "héllo",
    headers: { "X-Sent": "yes" },
  });
  expect(response.status).toBe(201);
  expect(response.headers.get("x-seen")).toBe("yes");
  await expect(response.text()).resolves.toBe("héllo");
  const seen = await send("/url?a=1&b=%20");
  await expect(seen.json()).resolves.toEqual({
    url: "http://site.example/url?a=1&b=%20",
    method: "GET",
  });
  await expect((await send("/prefix/x/y", { method: "DELETE" })).text()).resolves.toBe(
    "/prefix/x/y",
  );
  await expect((await send("/query")).json()).resolves.toBe(42);
});

test("several cookies stay several, and a response may have no body", async () => {
  const response = await send("/cookies");
  expect(response.status).toBe(204);
  expect(response.body).toBeNull();
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
});

test("HEAD is answered like GET, without a body", async () => {
  const response = await send("/url", { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(response.body).toBeNull();
});

test("a body is streamed piece by piece", async () => {
  const reader = (await send("/stream")).body!.getReader();
  const parts: string[] = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(new TextDecoder().decode(part.value));
  }
  expect(parts).toEqual(["part1;", "part2;", "part3;"]);
});

test("a reader that stops early cancels the stream in the action", async () => {
  const before = (await (await send("/cancelled")).json()) as number;
  const reader = (await send("/endless")).body!.getReader();
  await reader.read();
  await reader.cancel();
  await expect
    .poll(async () => (await send("/cancelled")).json() as Promise<number>)
    .toBe(before + 1);
});

test("a stream that breaks breaks the response's body", async () => {
  await expect((await send("/broken-stream")).text()).rejects.toThrow("broke");
});

test("no route is 404", async () => {
  for (const [path, method] of [
    ["/none", "GET"],
    ["/echo", "GET"],
    ["/prefix/x", "GET"],
  ] as const) {
    const response = await send(path, { method });
    expect(response.status).toBe(404);
    await expect(response.text()).resolves.toBe("No matching routes found");
  }
});

test("an uncaught error is 500 with code, trace and data", async () => {
  const response = await send("/throw");
  expect(response.status).toBe(500);
  const body = (await response.json()) as { code: string; trace: string };
  expect(body.code).toBe("[Request ID: 00112233aabbccdd] Server Error: Uncaught Error: uncaught");
  expect(body.trace).toContain("http.ts:");
  await expect((await send("/throw-data")).json()).resolves.toMatchObject({ data: { code: "X" } });
  expect((await send("/not-a-response")).status).toBe(500);
});

test("an unusable Authorization header matters only to those who ask for the identity", async () => {
  const auth = { error: "InvalidAuthHeader: no such scheme" };
  expect((await send("/url", {}, auth)).status).toBe(200);
  const response = await send("/whoami", {}, auth);
  expect(response.status).toBe(401);
  await expect(response.text()).resolves.toBe("InvalidAuthHeader: no such scheme");
  const identity = {
    tokenIdentifier: "i|ann",
    attributesJson: '{"subject":"ann"}',
    expiresAt: null,
  };
  await expect(
    (await send("/whoami", {}, { caller: { kind: "client", identity } })).json(),
  ).resolves.toBe("ann");
});

test("a deployment without an http module says so", async () => {
  const plain = await startTestDeployment({ a: "export const x = 1;" });
  const request = new Request("http://site.example/");
  const response = await plain.runner.runHttpAction(request, ANYONE, METADATA);
  expect(response.status).toBe(404);
  await expect(response.text()).resolves.toBe(
    "This Convex deployment does not have HTTP actions enabled.",
  );
  await plain.close();
});
