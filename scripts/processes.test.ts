import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";

import { PartSupervisor, type Program } from "./processes.ts";
import { StartError } from "./settings.ts";

let folder: string;
let supervisor: PartSupervisor;

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "vitrine-parts-"))));
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => void (supervisor = new PartSupervisor()));
afterEach(() => supervisor.stop());

function program(name: string, text: string): Program {
  const entry = join(folder, `${name}.mjs`);
  writeFileSync(entry, text);
  return { entry };
}

test("a part says something, and hears something", async () => {
  const echo = 'process.on("message", ({ type }) => process.send({ type: "heard", what: type }))';
  const part = supervisor.start("echo", program("echo", echo), {});
  part.send({ type: "open" });
  expect(await part.message("heard")).toEqual({ type: "heard", what: "open" });
});

test("a part that ends by itself is a failure in a sentence, and takes no more messages", async () => {
  const part = supervisor.start("echo", program("ends", "process.exit(3)"), {});
  expect(await supervisor.failed).toBe("The echo ended with code 3.");
  part.send({ type: "open" });
});

test("a program that was run to its end is none", async () => {
  await supervisor.run("loading", program("done", "process.exit(0)"), {});
  const outcome = await Promise.race([supervisor.failed, Promise.resolve("no failure")]);
  expect(outcome).toBe("no failure");
});

test("a program that did not end well is named", async () => {
  const loading = supervisor.run("loading", program("broken", "process.exit(1)"), {});
  await expect(loading).rejects.toThrow(new StartError("The loading ended with code 1."));
});

test("a part gets SIGTERM when the process that started it was killed", async () => {
  const lasting = `
    process.on("SIGTERM", () => { console.log("asked to end"); process.exit(0); });
    setInterval(() => {}, 60_000);
    process.send({ type: "up" });`;
  const launcher = program(
    "launcher",
    `import { PartSupervisor } from ${JSON.stringify(new URL("./processes.ts", import.meta.url).href)};
    const { entry } = ${JSON.stringify(program("lasting", lasting))};
    const part = new PartSupervisor().start("lasting", { entry }, {});
    await part.message("up");
    console.log("pid " + part.process.pid);`,
  );
  const child = spawn(process.execPath, ["--import", "tsx", launcher.entry], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const pid = /pid (\d+)\n/.exec(text)?.[1];
      if (pid === undefined || child.killed) return;
      onTestFinished(() => {
        endIfThere(Number(pid));
      });
      child.kill("SIGKILL");
    });
    // The part holds it, too.
    child.stdout.once("close", () => resolve(text));
  });
  expect(await output).toMatch(/asked to end\n$/);
}, 30_000);

function endIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

test("stopping ends a program that is being run", async () => {
  const endless = 'process.send({ type: "up" }); process.on("message", () => {})';
  const started = supervisor.start("endless", program("endless", endless), {});
  const run = supervisor.run("loading", program("running", endless), {});
  run.catch(() => undefined);
  await started.message("up");
  await supervisor.stop();
  await expect(run).rejects.toThrow("was ended by SIGTERM");
});
