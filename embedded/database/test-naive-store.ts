/** The simplest store that could be right: what the real one is compared with in property tests. */
import { encodeKey } from "../values/index-key.ts";
import type { JsonValue } from "../values/json-value.ts";
import type { KeyInterval } from "./types.ts";

export interface NaiveDocument {
  readonly id: string;
  readonly creationTime: number;
  readonly value: Readonly<Record<string, JsonValue>>;
}

export class NaiveStore {
  readonly documents: ReadonlyMap<string, NaiveDocument>;

  constructor(documents: ReadonlyMap<string, NaiveDocument> = new Map()) {
    this.documents = documents;
  }

  with(document: NaiveDocument): NaiveStore {
    return new NaiveStore(new Map(this.documents).set(document.id, document));
  }

  without(id: string): NaiveStore {
    const documents = new Map(this.documents);
    documents.delete(id);
    return new NaiveStore(documents);
  }

  /** Ids in an index over top-level fields, in order. */
  range(fields: readonly string[], interval: KeyInterval, order: "asc" | "desc"): string[] {
    const keyed = [...this.documents.values()].map((document) => ({
      id: document.id,
      key: encodeKey([
        ...fields.map((field) => document.value[field]),
        document.creationTime,
        document.id,
      ]),
    }));
    const found = keyed
      .filter(
        ({ key }) => key >= interval.lower && (interval.upper === null || key < interval.upper),
      )
      .sort((left, right) => (left.key < right.key ? -1 : 1))
      .map(({ id }) => id);
    return order === "asc" ? found : found.reverse();
  }
}
