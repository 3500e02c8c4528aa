import { expect } from "vitest";

import { clause } from "../behaviour.ts";

export const httpActions = clause("HTTP actions", {
  "a request arrives with method, path, query, headers and body": async (t) => {
    const response = await t.fetch("/echo?a=1&b=%20", {
      method: "POST",
      headers: { "X-Sent": "yes" },
      body: "hällo",
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("X-Path")).toMatch(/\/echo\?a=1&b=%20$/);
    expect(response.headers.get("X-Sent")).toBe("yes");
    expect(await response.text()).toBe("hällo");
  },
  "an HTTP action calls queries and mutations": async (t) => {
    const call = async () => await (await t.fetch("/count", { method: "POST", body: "n" })).text();
    expect(await call()).toBe("2");
    expect(await call()).toBe("4");
  },
  "a prefix takes what is below it, the longer or exact route first": async (t) => {
    expect(await (await t.fetch("/below/any/thing")).text()).toMatch(/\/below\/any\/thing$/);
    expect(await (await t.fetch("/below/exact")).text()).toBe("exact");
  },
  "an unknown path or method is not found": async (t) => {
    expect((await t.fetch("/unknown")).status).toBe(404);
    expect((await t.fetch("/echo")).status).toBe(404);
  },
  "HEAD is answered by the route for GET": async (t) => {
    expect((await t.fetch("/viewer", { method: "HEAD" })).status).toBe(200);
  },
  "an HTTP action that throws answers 500": async (t) => {
    expect((await t.fetch("/fail")).status).toBe(500);
  },
  "bytes go in and out unchanged, through storage too": async (t) => {
    const body = new Uint8Array([0, 255, 128, 10, 13]);
    const response = await t.fetch("/bytes", { method: "POST", body });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(body);
  },
});
