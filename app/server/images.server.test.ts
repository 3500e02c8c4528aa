import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";

import { createImages, type ImageRequest, parseImageRequest } from "./images.server.ts";

const wanted: ImageRequest = { storageId: "a-b-c", width: 320, format: "webp" };

let folder: string;
let asked: string[];
let answer: () => Promise<Response>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "images-"));
  asked = [];
  const source = await picture(1600);
  answer = async () => new Response(new Uint8Array(source));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function picture(size: number): Promise<Buffer> {
  const background = { r: 200, g: 80, b: 80, alpha: 0.5 };
  return sharp({ create: { width: size, height: size, channels: 4, background } })
    .png()
    .toBuffer();
}

function imagesFrom(maxCacheBytes = 1_000_000) {
  const fetchStored = async (input: unknown) => {
    asked.push(String(input));
    return answer();
  };
  return createImages({
    connection: { fetch: fetchStored },
    convexUrl: "http://deployment.test",
    cacheFolder: folder,
    maxCacheBytes,
  });
}

async function metadataOf(content: Buffer | null) {
  const { format, width } = await sharp(content ?? undefined).metadata();
  return { format, width };
}

test.each(["320", "640", "1200"])("the width %s is made, as WebP or AVIF", (width) => {
  const query = new URLSearchParams({ w: width, f: "avif" });
  expect(parseImageRequest("a-b", query)).toEqual({
    storageId: "a-b",
    width: Number(width),
    format: "avif",
  });
});

test.each([
  ["a-b", "w=321"],
  ["a-b", "w=640&f=png"],
  ["a-b", ""],
  ["../secret", "w=640"],
  ["a%2Fb", "w=640"],
  ["x".repeat(65), "w=640"],
  [undefined, "w=640"],
])("%j with %j is no picture", (storageId, query) => {
  expect(parseImageRequest(storageId, new URLSearchParams(query))).toBeNull();
});

test("SYS-3: a picture comes from the deployment's own storage, at the width and in the format asked", async () => {
  const images = imagesFrom();
  expect(await metadataOf(await images.get(wanted))).toEqual({ format: "webp", width: 320 });
  const avif = await images.get({ ...wanted, width: 640, format: "avif" });
  expect(await metadataOf(avif)).toEqual({ format: "heif", width: 640 });
  expect(asked[0]).toBe("http://deployment.test/api/storage/a-b-c");
});

test("a small picture is not blown up", async () => {
  const source = await picture(100);
  answer = async () => new Response(new Uint8Array(source));
  expect(await metadataOf(await imagesFrom().get(wanted))).toEqual({ format: "webp", width: 100 });
});

test("many who ask at once cost one picture, and later ones none", async () => {
  const images = imagesFrom();
  await Promise.all([images.get(wanted), images.get(wanted), images.get(wanted)]);
  await images.get(wanted);
  await imagesFrom().get(wanted);
  expect(asked).toHaveLength(1);
});

test("what the deployment does not have is not there, and is asked for again later", async () => {
  answer = async () => new Response("no", { status: 404 });
  const images = imagesFrom();
  expect(await images.get(wanted)).toBeNull();
  expect(await images.get(wanted)).toBeNull();
  expect(asked).toHaveLength(2);
});

test.each([
  ["a page", "<html><script>alert(1)</script></html>"],
  ["a drawing with scripts", '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'],
  ["a broken picture", "\x89PNG\r\n\x1a\nbroken"],
  ["nothing", ""],
])("%s that says it is a picture is not passed on", async (_name, content) => {
  answer = async () => new Response(content, { headers: { "content-type": "image/png" } });
  expect(await imagesFrom().get(wanted)).toBeNull();
});

test("a file beyond the limit is not read to its end", async () => {
  let sent = 0;
  const endless = () =>
    new ReadableStream({
      pull: (controller) => {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
  answer = async () => new Response(endless());
  expect(await imagesFrom().get(wanted)).toBeNull();
  expect(sent).toBeLessThan(30);
});

test("the folder stays within its bounds", async () => {
  const images = imagesFrom(1_500);
  for (let index = 0; index < 8; index += 1) {
    await images.get({ ...wanted, storageId: `file-${index}` });
  }
  const kept = await readdir(folder);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(8);
});
