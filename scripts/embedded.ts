import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { heapMegabytes } from "../server/heap-size.ts";
import { whenNpmEnds } from "./parent-process.mjs";

/**
 * `npm run embedded`: the backend alone, from source, with room for its functions. What is asked of
 * this process to end it is asked of the backend, its exit code is the backend's, and the backend
 * ends with it.
 */

const backend = spawn(
  process.execPath,
  [
    `--max-old-space-size=${String(heapMegabytes())}`,
    "--import",
    new URL("./end-with-parent.mjs", import.meta.url).href,
    "--import",
    "tsx",
    fileURLToPath(new URL("../embedded/main.ts", import.meta.url)),
    ...process.argv.slice(2),
  ],
  { stdio: "inherit", env: { ...process.env, LAUNCHER_PID: String(process.pid) } },
);

const stop = () => void backend.kill("SIGTERM");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
whenNpmEnds(stop);

backend.on("error", (error) => {
  console.error(`The backend could not be started: ${error.message}.`);
  process.exit(1);
});
backend.on("exit", (code) => process.exit(code ?? 1));
