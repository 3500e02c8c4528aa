/**
 * `npm run torture -- [--rounds 200] [--seed N]`, or `--seed N --round M` for one round of such a run
 * again, behind those that its folder had seen.
 */
import { parseArgs } from "node:util";

import { firstRoundOfFolder, noFigures, torture, type Figures } from "./torture.ts";

const ROWS: readonly (readonly [keyof Figures, string])[] = [
  ["kills", "kill -9"],
  ["killsDuringStart", "  of them during start-up and recovery"],
  ["acknowledged", "acknowledged mutations"],
  ["resentUnanswered", "sent again unanswered, happened once"],
  ["resentAnswered", "sent again answered, same answer"],
  ["files", "uploaded files read back"],
  ["scheduledMutations", "scheduled mutations, each once"],
  ["scheduledActions", "scheduled actions, at most once"],
  ["interruptedActions", "  of them cut off and marked failed"],
  ["calledActions", "called actions, at most once"],
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    round: { type: "string" },
  },
});
const only = values.round === undefined ? null : Number(values.round);
const begin = only === null ? 0 : firstRoundOfFolder(only);
const end = only === null ? Number(values.rounds) : only + 1;
const seed = Number(values.seed);
if (![begin, end, seed].every(Number.isInteger) || begin < 0 || end <= begin) {
  console.error("Usage: npm run torture -- [--rounds 200] [--seed N] [--round M], whole numbers.");
  process.exit(1);
}
const rounds = end - begin;

const startedAt = performance.now();
const totals = noFigures();
let done = 0;
let failed = 0;
for await (const round of torture(seed, begin, end)) {
  done += 1;
  for (const [name] of ROWS) totals[name] += round.figures[name];
  totals.fileBytes += round.figures.fileBytes;
  if (round.problems.length > 0) {
    failed += 1;
    console.error(`\nRound ${round.number} failed. Again: ${round.command}`);
    console.error(`Its data, after one more kill: ${round.keptFolder ?? ""}`);
    for (const problem of round.problems.slice(0, 20)) console.error(`  ${problem}`);
  }
  showProgress();
}
if (process.stderr.isTTY) process.stderr.write("\n");
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${rounds} rounds from seed ${seed} in ${seconds.toFixed(0)} s, ${failed} failed`);
for (const [name, label] of ROWS) {
  console.log(`${label.padEnd(42)}${String(totals[name]).padStart(9)}`);
}
console.log(`${"bytes of those files".padEnd(42)}${String(totals.fileBytes).padStart(9)}`);
process.exit(failed === 0 ? 0 : 1);

/** One line that is written over on a terminal, a line every ten rounds elsewhere. */
function showProgress(): void {
  const line =
    `${done}/${rounds} rounds, ${totals.kills} kills (${totals.killsDuringStart} during start-up), ` +
    `${totals.acknowledged} acknowledged, ${failed} failed`;
  if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
  else if (done % 10 === 0 || done === rounds) process.stderr.write(`${line}\n`);
}
