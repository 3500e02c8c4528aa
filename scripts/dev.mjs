// `npm run dev`: the shop with hot reload for app/ and the official `convex dev` for convex/.
import { fileURLToPath } from "node:url";

import { installLockfile } from "./install.mjs";
import { requireNodeVersion } from "./node-version.mjs";
import { whenNpmEnds } from "./parent-process.mjs";

requireNodeVersion();
whenNpmEnds(() => process.kill(process.pid, "SIGTERM"));
process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const log = (line) => console.log(`· ${line}`);
installLockfile(log);
const { buildWhenChanged } = await import("./build.mjs");
await buildWhenChanged(log);
const { launch } = await import(new URL("../build/scripts/launch.js", import.meta.url).href);
await launch(process.env, log, "development");
