/** Where a parcel goes. Everything is text: postal codes keep zeros, letters and spaces. */
export type Address = {
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly postalCode: string;
  readonly city: string;
  readonly region: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
};

export type Contact = {
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
};

export type FieldReason = "required" | "tooLong" | "format" | "unsupported";

export type FieldProblem<Field extends string> = {
  readonly field: Field;
  readonly reason: FieldReason;
};

export type AddressField = keyof Address;
export type ContactField = keyof Contact;

/** Longest accepted texts, in UTF-16 units; no longer than what the payment provider takes. */
export const ADDRESS_LIMITS = {
  name: 120,
  line1: 200,
  line2: 200,
  postalCode: 16,
  city: 100,
  region: 100,
  country: 2,
} as const satisfies Record<AddressField, number>;

export const CONTACT_LIMITS = {
  name: 120,
  email: 254,
  phone: 32,
} as const satisfies Record<ContactField, number>;

// Countries whose post needs the state or province on the label.
const COUNTRIES_WITH_REGION: readonly string[] = ["US", "CA", "AU"];

const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;
const PHONE = /^\+?[\d\s()./-]{5,}$/;
const POSTAL_CODE = /^[\p{L}\d][\p{L}\d -]*$/u;

export function needsRegion(country: string): boolean {
  return COUNTRIES_WITH_REGION.includes(country);
}

/** Trims, joins inner spaces, and turns an empty optional field into null. */
export function normalizeAddress(input: Address): Address {
  return {
    name: clean(input.name),
    line1: clean(input.line1),
    line2: cleanOptional(input.line2),
    postalCode: clean(input.postalCode).toUpperCase(),
    city: clean(input.city),
    region: cleanOptional(input.region),
    country: clean(input.country).toUpperCase(),
  };
}

/** Trims as addresses do; the e-mail address is kept in lower case. */
export function normalizeContact(input: Contact): Contact {
  return {
    name: clean(input.name),
    email: clean(input.email).toLowerCase(),
    phone: cleanOptional(input.phone),
  };
}

/** What is wrong with a normalized address, at most one problem for each field. */
export function addressProblems(
  address: Address,
  countries: readonly string[],
): FieldProblem<AddressField>[] {
  return [
    ...textProblems("name", address.name, ADDRESS_LIMITS.name),
    ...textProblems("line1", address.line1, ADDRESS_LIMITS.line1),
    ...optionalProblems("line2", address.line2, ADDRESS_LIMITS.line2),
    ...textProblems("postalCode", address.postalCode, ADDRESS_LIMITS.postalCode, POSTAL_CODE),
    ...textProblems("city", address.city, ADDRESS_LIMITS.city),
    ...regionProblems(address),
    ...countryProblems(address.country, countries),
  ];
}

/** What is wrong with a normalized contact, at most one problem for each field. */
export function contactProblems(contact: Contact): FieldProblem<ContactField>[] {
  return [
    ...textProblems("name", contact.name, CONTACT_LIMITS.name),
    ...textProblems("email", contact.email, CONTACT_LIMITS.email, EMAIL),
    ...optionalProblems("phone", contact.phone, CONTACT_LIMITS.phone, PHONE),
  ];
}

function clean(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

function cleanOptional(text: string | null): string | null {
  const cleaned = clean(text ?? "");
  return cleaned === "" ? null : cleaned;
}

function textProblems<Field extends string>(
  field: Field,
  text: string,
  limit: number,
  format?: RegExp,
): FieldProblem<Field>[] {
  if (text === "") return [{ field, reason: "required" }];
  return optionalProblems(field, text, limit, format);
}

function optionalProblems<Field extends string>(
  field: Field,
  text: string | null,
  limit: number,
  format?: RegExp,
): FieldProblem<Field>[] {
  if (text === null) return [];
  if (text.length > limit) return [{ field, reason: "tooLong" }];
  return format === undefined || format.test(text) ? [] : [{ field, reason: "format" }];
}

function regionProblems(address: Address): FieldProblem<"region">[] {
  return needsRegion(address.country)
    ? textProblems("region", address.region ?? "", ADDRESS_LIMITS.region)
    : optionalProblems("region", address.region, ADDRESS_LIMITS.region);
}

function countryProblems(country: string, countries: readonly string[]): FieldProblem<"country">[] {
  if (country === "") return [{ field: "country", reason: "required" }];
  return countries.includes(country) ? [] : [{ field: "country", reason: "unsupported" }];
}
