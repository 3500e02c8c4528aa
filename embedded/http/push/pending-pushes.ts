import { ServiceError } from "../../lib/service-error.ts";
import type { BlobFolder } from "../../storage/blob-folder.ts";
import {
  parseJsonObject,
  requireJsonObject,
  requireTextField,
  type JsonObject,
} from "../request-body.ts";

/** A push between its start and its end. */
export interface Pending {
  /** Environment variables it was analysed with. */
  readonly variablesJson: string;
  /** Drops what it has prepared. */
  discard(): void;
}

export interface PendingPushesOptions<T extends Pending> {
  /** Where started pushes lie. */
  readonly folder: BlobFolder;
  /** Analyses a request again, to go on under the variables of its start. */
  readonly restore: (body: JsonObject, variablesJson: string) => Promise<T>;
}

const MAX_PENDING = 8;
/** How long a push may take from its start to its end. */
const KEPT_MS = 3_600_000;

/**
 * Started pushes by id. Their requests are on disk, so that one that a restart interrupted goes on
 * where it was.
 */
export class PendingPushes<T extends Pending> {
  readonly #folder: BlobFolder;
  readonly #restore: PendingPushesOptions<T>["restore"];
  readonly #pending = new Map<string, Promise<T>>();

  constructor({ folder, restore }: PendingPushesOptions<T>) {
    this.#folder = folder;
    this.#restore = restore;
  }

  /** Returns the id. */
  async add(push: T, request: JsonObject): Promise<string> {
    const { variablesJson } = push;
    const body = { ...request, adminKey: null };
    const id = await this.#folder.write(Buffer.from(JSON.stringify({ body, variablesJson })));
    this.#pending.set(id, Promise.resolve(push));
    for (const oldId of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING) break;
      await this.#forget(oldId);
    }
    await this.#folder.sweep({
      isWanted: (key) => this.#pending.has(key),
      minAgeMs: KEPT_MS,
      now: Date.now(),
    });
    return id;
  }

  /**
   * By what its start answered.
   * @throws ServiceError `RaceDetected` for one that is not known any more.
   */
  async find(schemaChange: unknown): Promise<{ readonly id: string; readonly push: T }> {
    const { schemaIds } = requireJsonObject(schemaChange, "`schemaChange`") as {
      readonly schemaIds?: unknown;
    };
    const id = requireJsonObject(schemaIds, "`schemaIds`")[""];
    if (typeof id !== "string") throw unknownPush();
    const pending = this.#pending.get(id);
    if (pending !== undefined) return { id, push: await pending };
    const restored = this.#read(id);
    this.#pending.set(id, restored);
    try {
      return { id, push: await restored };
    } catch (error) {
      this.#pending.delete(id);
      throw error;
    }
  }

  /** It is done. */
  async remove(id: string): Promise<void> {
    this.#pending.delete(id);
    await this.#folder.remove(id);
  }

  async #read(id: string): Promise<T> {
    const stored = await this.#folder.read(id);
    if (stored === null) throw unknownPush();
    const push = parseJsonObject(Buffer.from(stored).toString());
    const body = requireJsonObject(push["body"], "The stored push");
    return this.#restore(body, requireTextField(push, "variablesJson"));
  }

  async #forget(id: string): Promise<void> {
    const push = await this.#pending.get(id)?.catch(() => undefined);
    push?.discard();
    await this.remove(id);
  }
}

/** The command line pushes again when it reads this code. */
function unknownPush(): ServiceError {
  return new ServiceError(
    "conflict",
    "RaceDetected",
    "The push is not known any more, because others came between or too much time has passed.",
  );
}
