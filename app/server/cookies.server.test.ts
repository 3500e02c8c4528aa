import { expect, test } from "vitest";

import { CookieJar, type CookieSpec } from "./cookies.server.ts";

const word: CookieSpec<string> = {
  name: "word",
  parse: (value) => (typeof value === "string" ? value : null),
};

async function sent(jar: CookieJar): Promise<string> {
  return (await jar.serialize()).map((cookie) => cookie.split(";")[0]).join("; ");
}

test("what is set comes back with the next request", async () => {
  const first = new CookieJar(null, { isSecure: false });
  first.set(word, "hello", 60);
  const second = new CookieJar(await sent(first), { isSecure: false });
  expect(await second.get(word)).toBe("hello");
  expect(await second.serialize()).toEqual([]);
});

test("what is set is read in the same request, and what is deleted is gone", async () => {
  const jar = new CookieJar(null, { isSecure: false });
  jar.set(word, "hello", null);
  expect(await jar.get(word)).toBe("hello");
  jar.delete(word);
  expect(await jar.get(word)).toBeNull();
  expect((await jar.serialize())[0]).toContain("Max-Age=0");
});

test("cookies are out of reach for scripts and foreign sites, and tied to the host over https", async () => {
  const jar = new CookieJar(null, { isSecure: true });
  jar.set(word, "hello", 60);
  const [cookie] = await jar.serialize();
  expect(cookie).toMatch(/^__Host-word=/);
  for (const attribute of ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=60"]) {
    expect(cookie).toContain(attribute);
  }
});

test("a cookie without an age ends with the browser", async () => {
  const jar = new CookieJar(null, { isSecure: false });
  jar.set(word, "hello", null);
  expect((await jar.serialize())[0]).not.toMatch(/Max-Age|Expires|Secure/);
});

test.each(["word=%%%", "word=bm90IGpzb24", "word=eyJhIjoxfQ==", "word="])(
  "a cookie that nobody here made reads as none: %s",
  async (header) => {
    expect(await new CookieJar(header, { isSecure: false }).get(word)).toBeNull();
  },
);
