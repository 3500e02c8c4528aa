import { randomFillSync } from "node:crypto";

const ID_BYTES = 8;
/** Asking the system for many bytes costs hardly more than asking for few. */
const pool = Buffer.alloc(ID_BYTES * 512);
let position = pool.length;

/** Sixteen random hexadecimal digits, as Convex names requests and executions. */
export function randomId(): string {
  if (position === pool.length) {
    randomFillSync(pool);
    position = 0;
  }
  position += ID_BYTES;
  return pool.toString("hex", position - ID_BYTES, position);
}
