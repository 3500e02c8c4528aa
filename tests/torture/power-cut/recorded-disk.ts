/** Reads what `recorder.c` noted and says what a disk may hold when the power goes at any moment. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import type { Random } from "../random.ts";

type Operation =
  | "create"
  | "makeFolder"
  | "write"
  | "writeSynced"
  | "sync"
  | "truncate"
  | "rename"
  | "unlink"
  | "map";

export interface RecordedEvent {
  readonly operation: Operation;
  /** Relative to the recorded folder. */
  readonly path: string;
  /** Offset of a write, length after a truncation. */
  readonly number: number;
  /** Bytes of a write, new path of a rename. */
  readonly data: Buffer;
  /** Length of the log up to here. */
  readonly end: number;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  C: "create",
  M: "makeFolder",
  W: "write",
  D: "writeSynced",
  S: "sync",
  T: "truncate",
  R: "rename",
  U: "unlink",
  V: "map",
};

/** Disks write sectors whole. */
const SECTOR = 512;

export function readEvents(log: Buffer, folder: string): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (let at = 0; at < log.length;) {
    const operation = OPERATIONS[log.toString("latin1", at, at + 1)];
    if (operation === undefined) throw new Error(`The log is damaged at ${at}.`);
    const pathEnd = at + 3 + log.readUInt16LE(at + 1);
    const path = relative(folder, log.toString("utf8", at + 3, pathEnd));
    const number = Number(log.readBigUInt64LE(pathEnd));
    const dataStart = pathEnd + 12;
    at = dataStart + log.readUInt32LE(pathEnd + 8);
    const data = log.subarray(dataStart, at);
    const isRename = operation === "rename";
    const target = isRename ? Buffer.from(relative(folder, data.toString())) : data;
    events.push({ operation, path, number, data: target, end: at });
  }
  return events;
}

type Change =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly length: number };

interface FileNode {
  readonly kind: "file";
  /** What a power cut cannot take. */
  readonly durable: FileContent;
  unsynced: Change[];
}

interface FolderNode {
  readonly kind: "folder";
  readonly durable: Map<string, Node>;
  unsynced: ((entries: Map<string, Node>) => void)[];
}

type Node = FileNode | FolderNode;

/**
 * The folder's disk after some events. Until a file is synced each of its writes may be lost, be there
 * in part or overtake others; until a folder is synced its newest names may be missing.
 */
export class RecordedDisk {
  readonly #root: FolderNode = newFolder();
  readonly #live = new Map<string, Node>([["", this.#root]]);
  readonly #ignoresSync: (path: string) => boolean;

  /** @param ignoresSync paths whose syncs are taken as if they were not made. */
  constructor(ignoresSync: (path: string) => boolean = () => false) {
    this.#ignoresSync = ignoresSync;
  }

  /** Has what a folder holds, as if it had all been synced. To be called before anything happens. */
  load(folder: string): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const full = join(entry.parentPath, entry.name);
      const path = relative(folder, full);
      const file = () => ({
        kind: "file" as const,
        durable: new FileContent(readFileSync(full)),
        unsynced: [],
      });
      const node = entry.isDirectory() ? newFolder() : file();
      this.#live.set(path, node);
      this.#parent(path).durable.set(nameOf(path), node);
    }
  }

  apply({ operation, path, number, data }: RecordedEvent): void {
    switch (operation) {
      case "create":
        this.#add(path, { kind: "file", durable: new FileContent(), unsynced: [] });
        break;
      case "makeFolder":
        this.#add(path, newFolder());
        break;
      case "write":
        this.#file(path).unsynced.push({ kind: "write", offset: number, bytes: data });
        break;
      case "writeSynced":
        this.#file(path).durable.apply({ kind: "write", offset: number, bytes: data });
        break;
      case "truncate":
        this.#file(path).unsynced.push({ kind: "truncate", length: number });
        break;
      case "sync":
        if (!this.#ignoresSync(path)) this.#sync(path);
        break;
      case "rename":
        this.#rename(path, data.toString());
        break;
      case "unlink":
        this.#live.delete(path);
        this.#parent(path).unsynced.push((entries) => entries.delete(nameOf(path)));
        break;
      case "map":
        throw new Error(`${path} is written through memory, which cannot be recorded.`);
    }
  }

  /** Puts what a power cut may leave into an empty folder. */
  cut(random: Random, target: string): void {
    writeNode(this.#root, target, random);
  }

  #add(path: string, node: Node): void {
    this.#live.set(path, node);
    this.#parent(path).unsynced.push((entries) => entries.set(nameOf(path), node));
  }

  #rename(from: string, to: string): void {
    const node = this.#live.get(from);
    if (node === undefined || dirname(from) !== dirname(to)) throw new Error(`${from} to ${to}?`);
    this.#live.delete(from);
    this.#live.set(to, node);
    this.#parent(to).unsynced.push((entries) => {
      entries.delete(nameOf(from));
      entries.set(nameOf(to), node);
    });
  }

  #sync(path: string): void {
    const node = this.#live.get(path);
    if (node === undefined) throw new Error(`${path} was not made while it was recorded.`);
    if (node.kind === "file") for (const change of node.unsynced) node.durable.apply(change);
    else for (const change of node.unsynced) change(node.durable);
    node.unsynced = [];
  }

  #file(path: string): FileNode {
    const node = this.#live.get(path);
    if (node?.kind !== "file") throw new Error(`${path} was not made while it was recorded.`);
    return node;
  }

  #parent(path: string): FolderNode {
    const parent = this.#live.get(dirname(path) === "." ? "" : dirname(path));
    if (parent?.kind !== "folder") throw new Error(`${path} is in no recorded folder.`);
    return parent;
  }
}

function newFolder(): FolderNode {
  return { kind: "folder", durable: new Map(), unsynced: [] };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function writeNode(node: Node, path: string, random: Random): void {
  if (node.kind === "file") {
    const content = new FileContent(node.durable.bytes);
    for (const change of survivors(node.unsynced, random)) content.apply(change);
    writeFileSync(path, content.bytes);
    return;
  }
  mkdirSync(path, { recursive: true });
  const entries = new Map(node.durable);
  const kept = random.integer(0, node.unsynced.length + 1);
  for (const change of node.unsynced.slice(0, kept)) change(entries);
  for (const [name, child] of entries) writeNode(child, join(path, name), random);
}

/** Some of the changes, some of them in part, and now and then in another order. */
function survivors(changes: readonly Change[], random: Random): Change[] {
  const share = random.float();
  const kept = changes.flatMap((change) => {
    const chance = random.float();
    if (chance < share * 0.8) return [change];
    return change.kind === "write" && chance < share ? sectors(change, random) : [];
  });
  if (random.float() < 0.5) return kept;
  const ranks = new Map(kept.map((change) => [change, random.float()]));
  return kept.sort((left, right) => (ranks.get(left) ?? 0) - (ranks.get(right) ?? 0));
}

function sectors(write: Change & { readonly kind: "write" }, random: Random): Change[] {
  const parts: Change[] = [];
  const end = write.offset + write.bytes.length;
  for (let from = write.offset; from < end;) {
    const to = Math.min(end, from - (from % SECTOR) + SECTOR);
    const bytes = write.bytes.subarray(from - write.offset, to - write.offset);
    if (random.float() < 0.5) parts.push({ kind: "write", offset: from, bytes });
    from = to;
  }
  return parts;
}

class FileContent {
  #bytes: Buffer;
  #length: number;

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.#bytes = Buffer.from(content);
    this.#length = content.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  apply(change: Change): void {
    if (change.kind === "truncate") {
      // What comes after the end reads as zero when the file grows again.
      this.#bytes.fill(0, Math.min(change.length, this.#bytes.length));
      this.#resize(change.length);
      return;
    }
    this.#resize(Math.max(this.#length, change.offset + change.bytes.length));
    change.bytes.copy(this.#bytes, change.offset);
  }

  #resize(length: number): void {
    if (length > this.#bytes.length) {
      const grown = Buffer.alloc(2 * length);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#length = length;
  }
}
