import { execFile } from "node:child_process";

import { afterAll, beforeAll, expect, test } from "vitest";

import { requestOf, startTestDeployment, type TestDeployment } from "./test-deployment.ts";

const WATCHDOG = new URL("../runtime/watchdog.ts", import.meta.url).href;
let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    calls: `
      import { mutationGeneric as mutation } from "convex/server";
      export const write = mutation({ handler: () => 1 });
    `,
  });
});
afterAll(() => deployment.close());

test("what has not begun when the deployment ends is refused; what has is answered", async () => {
  await deployment.change("calls:write");
  const calls = Array.from({ length: 10 }, () =>
    deployment.runner.runMutation(requestOf("calls:write")).then(
      () => "answered",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  const drained = deployment.runner.drain();
  const outcomes = await Promise.all(calls);
  await drained;
  expect(outcomes).toContain("ShuttingDown");
  await expect(deployment.change("calls:write")).rejects.toMatchObject({ code: "ShuttingDown" });
});

test("a process that is to end ends, whatever its main thread is busy with", async () => {
  const script = `
    const { exitWithin, watchdogStarted } = await import(${JSON.stringify(WATCHDOG)});
    const stay = setInterval(() => undefined, 1_000);
    await watchdogStarted();
    exitWithin(50);
    for (;;) stay.hasRef();
  `;
  const options = { timeout: 30_000, killSignal: "SIGTERM" } as const;
  const args = ["--import", "tsx", "--input-type=module", "--eval", script];
  const signal = await new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, () => resolve(child.signalCode));
  });
  expect(signal).toBe("SIGKILL");
}, 60_000);
