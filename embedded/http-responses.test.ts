import { afterAll, beforeAll, expect, test } from "vitest";

import { FUNCTION_LIMITS } from "./lib/limits.ts";
import { startTestBackend, type TestBackend } from "./test-backend.ts";

const SOURCES = {
  http: `
    import { httpRouter, httpActionGeneric as httpAction } from "convex/server";
    const http = httpRouter();
    http.route({
      path: "/bytes",
      method: "GET",
      handler: httpAction(async (_ctx, request) => {
        let left = Number(new URL(request.url).searchParams.get("size"));
        return new Response(new ReadableStream({
          pull(controller) {
            const size = Math.min(left, 1024 * 1024);
            if (size === 0) return controller.close();
            left -= size;
            controller.enqueue(new Uint8Array(size));
          },
        }));
      }),
    });
    export default http;
  `,
};

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

test("an HTTP action answers with so many bytes and not with more", async () => {
  const { max } = FUNCTION_LIMITS.httpResponseBytes;
  const read = async (size: number) =>
    (await (await fetch(`${backend.url}/http/bytes?size=${size}`)).arrayBuffer()).byteLength;
  await expect(read(max)).resolves.toBe(max);
  await expect(read(max + 1)).rejects.toThrow();
}, 60_000);
