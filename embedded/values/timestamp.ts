/** Timestamps on the wire: unsigned 64-bit nanoseconds, little-endian, base64. */
export function encodeTimestamp(ts: bigint): string {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(ts);
  return buffer.toString("base64");
}

/** `null` for anything that is no encoded timestamp. */
export function decodeTimestamp(text: string): bigint | null {
  if (!/^[A-Za-z0-9+/]{11}=$/.test(text)) return null;
  const buffer = Buffer.from(text, "base64");
  return buffer.length === 8 ? buffer.readBigUInt64LE(0) : null;
}
