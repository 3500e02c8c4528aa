const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/**
 * A short fingerprint of a text: FNV-1a, 64 bits, over UTF-16 code units, in base 36.
 * It tells versions apart; it protects nothing, because anybody can compute it.
 */
export function contentDigest(text: string): string {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = BigInt.asUintN(64, (hash ^ BigInt(unit & 0xff)) * FNV_PRIME);
    hash = BigInt.asUintN(64, (hash ^ BigInt(unit >> 8)) * FNV_PRIME);
  }
  return hash.toString(36);
}
