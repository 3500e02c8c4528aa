import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";

import { fixtureSources, startTestBackend } from "./test-backend.ts";
import { notes } from "./test-functions.ts";
import { startProgram } from "./test-program.ts";

const PAGE = 4096;
/** As many as a start looks at. */
const CHECKED_PAGES = 256;
const DAMAGED = 65;
const FILL = `
  import { mutation } from "./_generated/server";
  export const notes = mutation(async ({ db }, { count }) => {
    for (let number = 0; number < count; number += 1) {
      const text = "word ".repeat(240) + "number " + number + ".";
      await db.insert("notes", { author: "author " + number, text, stars: 0 });
    }
  });`;

let folder: string;
/** A data folder whose rows fill many more pages than a start looks at. */
let filled: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "damaged-data-"));
  filled = join(folder, "filled");
  const backend = await startTestBackend({ folder: filled });
  await backend.deploy({ ...fixtureSources("notes"), fill: FILL });
  await backend.run("fill:notes", { count: 1_500 });
  await backend.close();
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the folder, in whose data file bytes are replaced: where the text is last found. */
function damagedCopy(text: string, damage: (at: number) => [at: number, bytes: Buffer]): string {
  const data = mkdtempSync(join(folder, "copy-"));
  cpSync(filled, data, { recursive: true });
  const path = join(data, "database", "data.mdb");
  const at = readFileSync(path).lastIndexOf(text);
  expect(at).toBeGreaterThan(CHECKED_PAGES * PAGE);
  const [from, bytes] = damage(at);
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, from);
  closeSync(file);
  return data;
}

const zeroedPage = (at: number): [number, Buffer] => [at - (at % PAGE), Buffer.alloc(PAGE)];
const changedBytes = (at: number): [number, Buffer] => [at, Buffer.from('"\\"\0')];

test.each([
  ["a zeroed page", zeroedPage, /MDB_CORRUPTED|MDB_PAGE_NOTFOUND|the row \w+ cannot be read/],
  ["bytes changed in a row", changedBytes, /the row \w+ cannot be read/],
] as const)(
  "%s behind the first ones ends the deployment once it is read, and nothing is blamed on the code",
  async (_what, damage, reason) => {
    const data = damagedCopy("number 400.", damage);
    const program = await startProgram(["--port", "0", "--data", data]);
    const client = new ConvexHttpClient(program.url, { logger: false });
    expect(await client.query(notes.list, { author: "author 3" })).toHaveLength(1);

    const asked = await fetch(`${program.url}/api/query`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: "notes:list", args: { author: "author 400" } }),
    });
    expect(asked.status).toBe(500);
    expect(await asked.json()).toMatchObject({ code: "InternalServerError" });
    const later = client.mutation(notes.add, { author: "late", text: "" });
    await expect(later).rejects.toThrow();

    expect(await program.exited).toBe(DAMAGED);
    const sentence = program.output.text
      .split("\n")
      .find((line) => line.startsWith("The data file"));
    expect(sentence).toMatch(reason);
    expect(sentence).toMatch(
      /damaged .*: nothing more is written to it\. Restore the latest backup .*npm run restore/,
    );
  },
  60_000,
);
