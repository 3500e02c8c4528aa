import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file that was written so short a time before it was looked at could be written again without a
 * trace: clocks of file systems are coarse.
 */
const SETTLED_MS = 2_000;

/** One hash over the contents of files and folders, in a stable order; tests are left out. */
export function hashSources(paths) {
  const hash = createHash("sha256");
  for (const { path } of listFiles(paths)) {
    hash.update(path).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/**
 * The same hash without reading the contents, as long as every file has the size, the inode and the
 * times it had when `memoFile` was written.
 */
export function hashSourcesOnce(paths, memoFile) {
  const startedAt = Date.now();
  const files = listFiles(paths);
  const look = createHash("sha256");
  for (const { path, stats } of files) {
    look.update(`${path}\0${stats.size}\0${stats.ino}\0${stats.mtimeMs}\0${stats.ctimeMs}\0`);
  }
  const seen = look.digest("hex");
  const memo = readMemo(memoFile);
  if (memo?.seen === seen) return memo.hash;
  const hash = hashSources(paths);
  if (files.every(({ stats }) => stats.ctimeMs < startedAt - SETTLED_MS)) {
    writeFileSync(memoFile, JSON.stringify({ seen, hash }));
  }
  return hash;
}

function listFiles(paths) {
  const files = [];
  for (const path of paths) addPath(files, path);
  return files;
}

function addPath(files, path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || /\.test\.tsx?$/.test(path)) return;
  if (stats.isDirectory()) {
    for (const name of readdirSync(path).sort()) addPath(files, join(path, name));
  } else {
    files.push({ path, stats });
  }
}

function readMemo(file) {
  try {
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  } catch {
    return null;
  }
}
