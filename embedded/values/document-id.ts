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
/** Value of each digit by its character code, -1 for other characters. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code)),
);
/** Room for the longest id: five bytes of table number, the internal id, the footer. */
const scratch = Buffer.alloc(23);
const INTERNAL_ID_LENGTH = 16;
const MIN_TEXT_LENGTH = 31;
const MAX_TEXT_LENGTH = 37;
const MS_PER_DAY = 86_400_000;

export function encodeDocumentId({ tableNumber, internalId }: DocumentId): string {
  const body = Buffer.concat([encodeVarint(tableNumber), internalId]);
  const footer = Buffer.alloc(2);
  footer.writeUInt16LE(fletcher16(body, body.length));
  return encodeBase32(Buffer.concat([body, footer]));
}

/** `null` for anything that is no id, whatever table it might name. */
export function decodeDocumentId(text: string): DocumentId | null {
  const tableNumber = tableNumberOf(text);
  if (tableNumber === null) return null;
  const bodyLength = decodeBase32(text) - 2;
  const start = bodyLength - INTERNAL_ID_LENGTH;
  return { tableNumber, internalId: Buffer.from(scratch.subarray(start, bodyLength)) };
}

/** The table number in an id, `null` for anything that is no id. */
export function tableNumberOf(text: string): number | null {
  const length = decodeBase32(text);
  const bodyLength = length - 2;
  const varintLength = bodyLength - INTERNAL_ID_LENGTH;
  if (varintLength < 1) return null;
  if (scratch.readUInt16LE(bodyLength) !== fletcher16(scratch, bodyLength)) return null;
  return decodeVarint(scratch, varintLength);
}

/** Why a text is no id, in Convex's words; for texts of which `tableNumberOf` makes nothing. */
export function idProblem(text: string): string {
  const badLength = `Invalid ID length ${text.length}`;
  if (text.length < MIN_TEXT_LENGTH || text.length > MAX_TEXT_LENGTH) return badLength;
  const bodyLength = decodeBase32(text) - 2;
  if (bodyLength < 0) return "ID wasn't valid base32";
  const varintLength = bodyLength - INTERNAL_ID_LENGTH;
  if (varintLength < 1) return badLength;
  if (decodeVarint(scratch, varintLength) === null) return "Invalid table number";
  const version = scratch.readUInt16LE(bodyLength) ^ fletcher16(scratch, bodyLength);
  return `Invalid ID version ${version} (expected 0)`;
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

function decodeVarint(bytes: Buffer, length: number): number | null {
  let value = 0;
  for (let position = 0; position < length; position += 1) {
    const byte = bytes[position] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * position);
    if (byte >= 0x80 === (position === length - 1)) return null;
  }
  const isCanonical = length === 1 || bytes.readUInt8(length - 1) !== 0;
  return isCanonical && value > 0 && value <= 0xffffffff ? value : null;
}

/** Sums modulo 256, the second one in the high byte. */
function fletcher16(bytes: Buffer, length: number): number {
  let first = 0;
  let second = 0;
  for (let position = 0; position < length; position += 1) {
    first = (first + (bytes[position] ?? 0)) & 0xff;
    second = (second + first) & 0xff;
  }
  return first | (second << 8);
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

/** Decodes into `scratch` and returns the number of bytes; 0 for what is no base32 or too long. */
function decodeBase32(text: string): number {
  let length = 0;
  let bits = 0;
  let bitCount = 0;
  if (text.length > MAX_TEXT_LENGTH) return 0;
  for (let position = 0; position < text.length; position += 1) {
    const digit = DIGITS[text.charCodeAt(position)] ?? -1;
    if (digit < 0) return 0;
    bits = (bits << 5) | digit;
    bitCount += 5;
    if (bitCount >= 8) {
      bitCount -= 8;
      scratch[length] = (bits >>> bitCount) & 0xff;
      length += 1;
    }
    bits &= (1 << bitCount) - 1;
  }
  // Left-over bits must be padding, or two texts would be the same id.
  return bitCount < 5 && bits === 0 ? length : 0;
}
