/** `npm run bench -- [names] [--json] [--seconds N] [--only TEXT]`. */
import { parseArgs } from "node:util";

import { benchFanout } from "./fanout-bench.ts";
import { benchFunctions, type BenchContext } from "./functions-bench.ts";
import { benchBoot } from "./boot-bench.ts";
import { formatTable, type Row } from "./row.ts";
import { benchScale } from "./scale-bench.ts";

const BENCHES: Readonly<Record<string, (context: BenchContext) => Promise<void>>> = {
  functions: benchFunctions,
  fanout: benchFanout,
  scale: benchScale,
  boot: benchBoot,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});

await main();

async function main(): Promise<void> {
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
  const seconds = Number(values.seconds);
  if (unknown.length > 0 || !(seconds > 0 && seconds <= 60)) {
    console.error(
      `Usage: npm run bench -- [${Object.keys(BENCHES).join("] [")}] [--json] [--seconds 1–60] [--only TEXT]`,
    );
    process.exit(1);
  }
  const rows: Row[] = [];
  for (const name of names) {
    await BENCHES[name]?.({
      report: (row) => {
        rows.push(row);
        if (values.json) console.log(JSON.stringify(row));
      },
      progress: (line) => console.error(`· ${name}: ${line}`),
      durationMs: seconds * 1000,
      only: values.only ?? null,
    });
  }
  if (!values.json) console.log(formatTable(rows));
  process.exit(0);
}
