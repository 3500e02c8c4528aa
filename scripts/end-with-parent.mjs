// Imported before a program that a launcher starts: it gets SIGTERM when the launcher is gone, which
// may have been killed without a chance to say so.
import { whenParentEnds } from "./parent-process.mjs";

const launcher = process.env["LAUNCHER_PID"];
if (launcher !== undefined) {
  // It is for this process alone, not for its threads and children.
  delete process.env["LAUNCHER_PID"];
  whenParentEnds(Number(launcher), () => process.kill(process.pid, "SIGTERM"));
}
