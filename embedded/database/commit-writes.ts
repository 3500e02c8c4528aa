import type { Database, Transaction } from "./types.ts";

/**
 * Runs writes of the engine's own in one transaction and waits until they are durable. Begin and
 * commit happen in one turn, so nothing can come between and there is no conflict to retry.
 */
export async function commitWrites<T>(
  database: Database,
  write: (transaction: Transaction) => T,
): Promise<T> {
  const transaction = database.begin();
  const result = write(transaction);
  if (!transaction.hasWrites) return result;
  const { ts } = database.commit(transaction);
  await database.flushed(ts);
  return result;
}
