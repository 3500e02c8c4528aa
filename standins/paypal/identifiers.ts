import { randomBytes } from "node:crypto";

const UPPER_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEXADECIMAL = "0123456789abcdef";

/** Orders, captures and refunds: 17 capital letters and figures. */
export function newResourceId(): string {
  return randomText(UPPER_ALPHANUMERIC, 17);
}

export function newEventId(): string {
  return `WH-${randomText(UPPER_ALPHANUMERIC, 17)}-${randomText(UPPER_ALPHANUMERIC, 17)}`;
}

export function newDebugId(): string {
  return `f${randomText(HEXADECIMAL, 12)}`;
}

function randomText(alphabet: string, length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}
