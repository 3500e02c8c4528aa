/**
 * The source text of one member of a JSON object, byte for byte as it was sent, or `null` when there
 * is none. A signature covers the sender's bytes, which parsing and writing again may change.
 *
 * @param text valid JSON whose outermost value is an object
 */
export function rawMember(text: string, name: string): string | null {
  let depth = 0;
  let expectsKey = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = endOfString(text, index);
      if (depth === 1 && expectsKey && JSON.parse(text.slice(index, end)) === name) {
        return text.slice(text.indexOf(":", end) + 1, endOfMember(text, end)).trim();
      }
      index = end - 1;
      expectsKey = false;
    } else if (character === "{" || character === "[") {
      depth += 1;
      expectsKey = character === "{";
    } else if (character === "}" || character === "]") depth -= 1;
    else if (character === ",") expectsKey = true;
  }
  return null;
}

/** Index after the closing quote. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}

/** Index of the comma or brace that ends the member whose key ends at `start`. */
function endOfMember(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index) - 1;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      if (depth === 0) return index;
      depth -= 1;
    } else if (character === "," && depth === 0) return index;
  }
  return text.length;
}
