/** What the backend's program says about itself, for those who start it in a process of its own. */
import type { ChildProcess } from "node:child_process";

export interface Announcement {
  readonly url: string;
  readonly adminKey: string;
}

/**
 * Resolves once the program serves. Ask at once after spawning it with its standard output in a pipe.
 * @throws Error with what it printed when it ends before.
 */
export function announcementOf(child: ChildProcess): Promise<Announcement> {
  const { stdout, stderr } = child;
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /http:\S+?(?=,)/.exec(output)?.[0];
      const adminKey = /Admin key: (\S+)\n/.exec(output)?.[1];
      if (url === undefined || adminKey === undefined) return;
      stopReading();
      resolve({ url, adminKey });
    };
    const fail = () => reject(new Error(`It did not start: ${output}`));
    const stopReading = () => {
      for (const stream of [stdout, stderr]) stream?.off("data", read).resume();
      child.off("close", fail);
    };
    for (const stream of [stdout, stderr]) stream?.on("data", read);
    child.once("close", fail);
    child.once("error", reject);
  });
}

/** Resolves when it has ended: to its exit code, `null` after a signal. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}
