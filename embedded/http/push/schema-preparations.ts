import { DatabaseError } from "../../database/database-error.ts";
import type { ComponentPath, EngineDatabase, PreparedSchema } from "../../database/types.ts";

/** Schemas of all mounts of one push on their way to be active. */
export interface SchemaPreparations {
  /** @throws DatabaseError of the first one that fails. */
  all(): Promise<readonly PreparedSchema[]>;
  /** What `wait_for_schema` answers, after `timeoutMs` at the latest. */
  status(timeoutMs: number): Promise<object>;
  /** Drops what has been built for schemas that will not become active. */
  discard(): void;
}

interface Preparation {
  readonly componentPath: ComponentPath;
  readonly prepared: Promise<PreparedSchema>;
}

/** Begins to build the indexes and to check the rows of every mount. */
export function prepareSchemas(
  database: EngineDatabase,
  schemas: ReadonlyMap<ComponentPath, string | null>,
): SchemaPreparations {
  const preparations = [...schemas].map(([componentPath, schemaJson]): Preparation => {
    const prepared = database.prepareSchema(componentPath, schemaJson);
    // Whoever waits for all of them hears of it; a push that nobody finishes is nobody's error.
    prepared.catch(() => undefined);
    return { componentPath, prepared };
  });
  const all = () => Promise.all(preparations.map(({ prepared }) => prepared));
  return {
    all,
    status: (timeoutMs) => statusOf(preparations, timeoutMs),
    discard: () => {
      for (const { prepared } of preparations) {
        prepared.then((schema) => database.discardSchema(schema)).catch(() => undefined);
      }
    },
  };
}

async function statusOf(preparations: readonly Preparation[], timeoutMs: number): Promise<object> {
  const inProgress = { type: "inProgress", components: {} };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<object>((resolve) => {
    timer = setTimeout(() => resolve(inProgress), timeoutMs);
  });
  const failures = preparations.map(({ componentPath, prepared }) =>
    prepared.then(
      () => null,
      (error: unknown) => failedStatus(componentPath, error),
    ),
  );
  const settled = Promise.all(failures).then(
    (statuses) => statuses.find((status) => status !== null) ?? { type: "complete" },
  );
  return Promise.race([settled, timeout]).finally(() => clearTimeout(timer));
}

function failedStatus(componentPath: ComponentPath, error: unknown): object {
  if (!(error instanceof DatabaseError)) throw error;
  if (error.code === "SchemaAborted") return { type: "raceDetected" };
  const tableName = /table "([^"]+)"/.exec(error.message)?.[1] ?? null;
  return { type: "failed", error: error.message, componentPath, tableName };
}
