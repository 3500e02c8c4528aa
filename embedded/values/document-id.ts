/**
 * Document ids: varint table number, 16-byte internal id and a Fletcher-16 footer in Crockford base32
 * (Convex's id format, version 0).
 */
export interface DocumentId {
  readonly tableNumber: number;
  /** 14 random bytes and the day of creation (days of Unix time, big-endian). */
  readonly internalId: Buffer;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS = new Map(Array.from(ALPHABET, (character, value) => [character, value]));
const INTERNAL_ID_LENGTH = 16;
const MS_PER_DAY = 86_400_000;

export function encodeDocumentId({ tableNumber, internalId }: DocumentId): string {
  const body = Buffer.concat([encodeVarint(tableNumber), internalId]);
  return encodeBase32(Buffer.concat([body, footer(body)]));
}

/** `null` for anything that is no id, whatever table it might name. */
export function decodeDocumentId(text: string): DocumentId | null {
  if (text.length < 31 || text.length > 37) return null;
  const bytes = decodeBase32(text);
  if (bytes === null || bytes.length < INTERNAL_ID_LENGTH + 3) return null;
  const body = bytes.subarray(0, bytes.length - 2);
  if (!footer(body).equals(bytes.subarray(bytes.length - 2))) return null;
  const varint = body.subarray(0, body.length - INTERNAL_ID_LENGTH);
  const tableNumber = decodeVarint(varint);
  if (tableNumber === null) return null;
  return { tableNumber, internalId: body.subarray(body.length - INTERNAL_ID_LENGTH) };
}

/** A new internal id from 14 random bytes and the time in milliseconds. */
export function newInternalId(random: Buffer, nowMs: number): Buffer {
  const internalId = Buffer.alloc(INTERNAL_ID_LENGTH);
  random.copy(internalId, 0, 0, INTERNAL_ID_LENGTH - 2);
  internalId.writeUInt16BE(Math.floor(nowMs / MS_PER_DAY) & 0xffff, INTERNAL_ID_LENGTH - 2);
  return internalId;
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function decodeVarint(bytes: Buffer): number | null {
  let value = 0;
  for (const [position, byte] of bytes.entries()) {
    value += (byte & 0x7f) * 2 ** (7 * position);
    if (byte >= 0x80 === (position === bytes.length - 1)) return null;
  }
  const isCanonical = bytes.length === 1 || bytes[bytes.length - 1] !== 0;
  return isCanonical && value > 0 && value <= 0xffffffff ? value : null;
}

function footer(body: Buffer): Buffer {
  let first = 0;
  let second = 0;
  for (const byte of body) {
    first = (first + byte) & 0xff;
    second = (second + first) & 0xff;
  }
  return Buffer.from([first, second]);
}

function encodeBase32(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      text += ALPHABET.charAt((bits >>> bitCount) & 31);
    }
    bits &= (1 << bitCount) - 1;
  }
  return bitCount > 0 ? text + ALPHABET.charAt((bits << (5 - bitCount)) & 31) : text;
}

function decodeBase32(text: string): Buffer | null {
  const bytes: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const character of text) {
    const digit = DIGITS.get(character);
    if (digit === undefined) return null;
    bits = (bits << 5) | digit;
    bitCount += 5;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes.push((bits >>> bitCount) & 0xff);
    }
    bits &= (1 << bitCount) - 1;
  }
  // Left-over bits must be padding, or two texts would be the same id.
  return bitCount < 5 && bits === 0 ? Buffer.from(bytes) : null;
}
