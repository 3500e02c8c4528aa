import { createHash } from "node:crypto";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import type { Driver } from "../driver.ts";

const digest = (text: string) => createHash("sha256").update(text).digest();

async function store(t: Driver, text: string, contentType?: string): Promise<string> {
  const args = contentType === undefined ? { text } : { text, contentType };
  return (await t.action("files:store", args)) as string;
}

const read = (t: Driver, id: string) => t.action("files:read", { id });
const urlOf = async (t: Driver, id: string) => (await t.query("files:url", { id })) as string;

/** The id of a file that is gone. */
async function removed(t: Driver): Promise<string> {
  const id = await store(t, "gone");
  await t.mutation("files:remove", { id });
  return id;
}

export const files = clause("File storage", {
  "an action stores a file and reads it": async (t) => {
    const id = await store(t, "hällo");
    expect(await read(t, id)).toMatchObject({ text: "hällo" });
    expect(await read(t, await store(t, ""))).toMatchObject({ text: "" });
  },
  "a file keeps its content type": async (t) => {
    const id = await store(t, "<p>", "text/html");
    expect(await read(t, id)).toEqual({ text: "<p>", type: "text/html" });
  },
  "a file that is gone reads as null": async (t) => {
    expect(await read(t, await removed(t))).toBeNull();
  },
  "a file's record has its size and its digest in base64": async (t) => {
    const id = await store(t, "hällo");
    expect(await t.query("files:metadata", { id })).toMatchObject({
      _id: id,
      size: 6,
      sha256: digest("hällo").toString("base64"),
    });
  },
  "a file's record has its content type": async (t) => {
    const id = await store(t, "x", "image/png");
    expect(await t.query("files:metadata", { id })).toMatchObject({ contentType: "image/png" });
  },
  "a file's record is null once it is gone": async (t) => {
    expect(await t.query("files:metadata", { id: await removed(t) })).toBeNull();
  },
  "getMetadata gives the digest in hexadecimal": async (t) => {
    const id = await store(t, "abc", "text/plain");
    expect(await t.query("files:oldMetadata", { id })).toMatchObject({
      sha256: digest("abc").toString("hex"),
      size: 3,
      contentType: "text/plain",
    });
  },
  "the files can be listed through db.system": async (t) => {
    const ids = [await store(t, "1"), await store(t, "22")];
    expect(await t.query("files:all")).toEqual([
      { _id: ids[0], size: 1 },
      { _id: ids[1], size: 2 },
    ]);
  },
  "a wrong digest is refused": async (t) => {
    const sha256 = digest("another text").toString("base64");
    await expect(t.action("files:storeWithDigest", { text: "text", sha256 })).rejects.toThrow();
  },
  "getUrl gives an address, in actions too, and null for a file that is gone": async (t) => {
    const id = await store(t, "x");
    expect(await urlOf(t, id)).toMatch(/^https?:\/\//);
    expect(await t.action("files:urlInAction", { id })).toBe(await urlOf(t, id));
    expect(await urlOf(t, await removed(t))).toBeNull();
  },
  "what is neither an id nor a UUID is no file, and is refused": async (t) => {
    const problem = 'Invalid storage ID: "nothing". Storage ID should be an';
    await expect(urlOf(t, "nothing")).rejects.toThrow(problem);
    await expect(t.action("files:urlInAction", { id: "nothing" })).rejects.toThrow(problem);
    await expect(t.mutation("files:remove", { id: "nothing" })).rejects.toThrow(problem);
  },
  "an address does not contain the file's id": async (t) => {
    const id = await store(t, "x");
    expect(await urlOf(t, id)).not.toContain(id);
  },
  "the address serves the file with its type and length": async (t) => {
    const id = await store(t, "hällo", "text/plain");
    const response = await t.download(await urlOf(t, id));
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/plain");
    expect(response.headers.get("Content-Length")).toBe("6");
    expect(await response.text()).toBe("hällo");
  },
  "the address of a deleted file is not found": async (t) => {
    const id = await store(t, "x");
    const url = await urlOf(t, id);
    await t.mutation("files:remove", { id });
    expect((await t.download(url)).status).toBe(404);
  },
  "a client uploads to an address that a mutation made": async (t) => {
    const url = (await t.mutation("files:generateUploadUrl")) as string;
    const headers = { "Content-Type": "text/csv" };
    const response = await t.upload(url, { method: "POST", headers, body: "a,b" });
    const { storageId } = (await response.json()) as { storageId: string };
    expect(await read(t, storageId)).toEqual({ text: "a,b", type: "text/csv" });
  },
  "an upload with a wrong digest or a made-up token is refused": async (t) => {
    const url = (await t.mutation("files:generateUploadUrl")) as string;
    const headers = { Digest: `sha-256=${digest("other").toString("base64")}` };
    expect((await t.upload(url, { method: "POST", headers, body: "x" })).status).toBe(400);
    const forged = url.replace(/token=.*$/, "token=forged");
    expect((await t.upload(forged, { method: "POST", body: "x" })).status).toBe(401);
  },
  "deleting twice is refused": async (t) => {
    const id = await removed(t);
    await expect(t.mutation("files:remove", { id })).rejects.toThrow(/not found|non-?existent/i);
  },
  "a delete in a mutation that throws is taken back": async (t) => {
    const id = await store(t, "kept");
    await expect(t.mutation("files:removeThenThrow", { id })).rejects.toThrow();
    expect(await read(t, id)).toMatchObject({ text: "kept" });
  },
});
