import { runInThisContext } from "node:vm";

import { build } from "esbuild";
import { expect, test } from "vitest";

import { convertModule } from "./convert-module.ts";
import type { PushedModule } from "./module-store.ts";
import { mapStack, SourcePositions } from "./source-positions.ts";

type Evaluate = (
  exports: object,
  require: (specifier: string) => unknown,
  module: { exports: Record<string, unknown> },
  process: object,
) => void;

async function evaluate(
  source: string,
  dependencies: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const pushed: PushedModule = { path: "m.js", source, environment: "isolate" };
  const { code } = await convertModule(pushed, "hash");
  const module: { exports: Record<string, unknown> } = { exports: {} };
  (runInThisContext(code) as Evaluate)(module.exports, (name) => dependencies[name], module, {});
  return module.exports;
}

test("exports of every form survive, as live bindings", async () => {
  const exports = await evaluate(`
    export let count = 0;
    export function increment() { count += 1; }
    export default class Thing {}
    const renamed = 1;
    export { renamed as other };
  `);
  expect(Object.keys(exports).sort()).toEqual(["count", "default", "increment", "other"]);
  (exports["increment"] as () => void)();
  expect(exports["count"]).toBe(1);
});

test("static and dynamic imports become calls of require", async () => {
  const dependency = { __esModule: true, default: 1, named: 2 };
  const exports = await evaluate(
    `import main, { named } from "./a.js"; import * as all from "./a.js"; export * from "./a.js";
     export const sum = main + named + all.named; export const lazy = () => import("./a.js");`,
    { "./a.js": dependency },
  );
  expect(exports["sum"]).toBe(5);
  expect(exports["named"]).toBe(2);
  await expect((exports["lazy"] as () => Promise<unknown>)()).resolves.toMatchObject({ named: 2 });
});

test("a stack line is mapped through both source maps to the file that was written", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "\n\nexport function fail(): never {\n  throw new Error('here');\n}\n",
      sourcefile: "written.ts",
      loader: "ts",
    },
    bundle: true,
    write: false,
    outfile: "m.js",
    format: "esm",
    sourcemap: true,
    minify: true,
  });
  const text = (suffix: string) => outputFiles.find(({ path }) => path.endsWith(suffix))!.text;
  const pushed: PushedModule = {
    path: "m.js",
    source: text("m.js"),
    sourceMap: text("m.js.map"),
    environment: "isolate",
  };
  const { code, sourceMap } = await convertModule(pushed, "hash");
  const module: { exports: Record<string, () => never> } = { exports: {} };
  const evaluated = runInThisContext(code, { filename: "convex-module:/m.js" }) as Evaluate;
  evaluated(module.exports, () => ({}), module, {});
  let stack = "";
  try {
    module.exports["fail"]!();
  } catch (error) {
    stack = (error as Error).stack!;
  }
  const positions = new SourcePositions(sourceMap);
  const [line] = mapStack(stack, () => positions);
  expect(line).toMatch(/written\.ts:4:\d+\)?$/);
});

test("frames outside of pushed modules are left out, unmapped ones keep their place", () => {
  const stack = [
    "Error: x",
    "    at f (convex-module:/dir/m.js:12:3)",
    "    at node:internal/process/task_queues:95:5",
    "    at async convex-module:/m.js:2:1",
  ].join("\n");
  expect(mapStack(stack, () => null)).toEqual(["    at f (dir/m.js:11:3)"]);
});
