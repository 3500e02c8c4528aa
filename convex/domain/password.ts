import { COMMON_PASSWORDS } from "./commonPasswords.ts";

export const MIN_PASSWORD_LENGTH = 10;

/** Longer ones would only cost us time to hash. */
export const MAX_PASSWORD_LENGTH = 200;

export type PasswordProblem = "short" | "long" | "common";

/**
 * Length is what counts, so there are no rules about digits and signs; but what everybody uses,
 * and what repeats the person's own name or address, is guessed first.
 */
export function passwordProblem(
  password: string,
  personal: { email: string; firstName: string; lastName: string },
): PasswordProblem | null {
  const characters = Array.from(password).length;
  if (characters < MIN_PASSWORD_LENGTH) return "short";
  if (characters > MAX_PASSWORD_LENGTH) return "long";
  return isCommon(password) || isPersonal(password, personal) ? "common" : null;
}

function isCommon(password: string): boolean {
  const folded = password.toLowerCase();
  if (COMMON_PASSWORDS.has(folded)) return true;
  if (new Set(folded).size <= 2) return true;
  // "password123!" and "1234567890" are "password" and nothing, dressed up.
  const core = folded.replace(/^[^a-z]+|[^a-z]+$/g, "");
  return core === "" ? isSequence(folded) : COMMON_PASSWORDS.has(core);
}

function isSequence(text: string): boolean {
  return "01234567890123456789".includes(text) || "98765432109876543210".includes(text);
}

function isPersonal(
  password: string,
  { email, firstName, lastName }: { email: string; firstName: string; lastName: string },
): boolean {
  const folded = password.toLowerCase().replace(/[\s._-]/g, "");
  const own = [
    email,
    email.split("@")[0] ?? "",
    `${firstName}${lastName}`,
    `${lastName}${firstName}`,
  ];
  return own.some((text) => text !== "" && folded === text.toLowerCase().replace(/[\s._-]/g, ""));
}
