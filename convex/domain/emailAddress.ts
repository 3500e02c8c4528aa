const MAX_LENGTH = 254;
const SHAPE = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/;

/** The address as it is stored and compared: without letter case. Null if it cannot be one. */
export function normalizeEmail(text: string): string | null {
  const email = text.trim().normalize("NFC").toLowerCase();
  return email.length <= MAX_LENGTH && SHAPE.test(email) ? email : null;
}
