import { expect, test } from "vitest";

import type { Address, Contact } from "./address.ts";
import { addressProblems, contactProblems, normalizeAddress, normalizeContact } from "./address.ts";

const BERLIN: Address = {
  name: "Maren Brandt",
  line1: "Lindenweg 14",
  line2: null,
  postalCode: "01067",
  city: "Dresden",
  region: null,
  country: "DE",
};
const COUNTRIES = ["DE", "US", "IE", "GB"];

function problemsOf(over: Partial<Address>): string[] {
  return addressProblems({ ...BERLIN, ...over }, COUNTRIES).map((p) => `${p.field}:${p.reason}`);
}

function contactProblemsOf(over: Partial<Contact>): string[] {
  const contact = { name: "Maren", email: "maren@example.com", phone: null, ...over };
  return contactProblems(contact).map((p) => `${p.field}:${p.reason}`);
}

test("ORD-1 a complete address has no problems", () => {
  expect(problemsOf({})).toEqual([]);
  expect(problemsOf({ postalCode: "D02 X285", country: "IE" })).toEqual([]);
});

test("ORD-1 each missing field is named", () => {
  const empty = { name: "", line1: "", postalCode: "", city: "", country: "" };
  expect(problemsOf(empty)).toEqual([
    "name:required",
    "line1:required",
    "postalCode:required",
    "city:required",
    "country:required",
  ]);
});

test("ORD-1 too long, wrongly formed and unsupported values are named", () => {
  expect(problemsOf({ line2: "x".repeat(201) })).toEqual(["line2:tooLong"]);
  expect(problemsOf({ postalCode: "12*45" })).toEqual(["postalCode:format"]);
  expect(problemsOf({ country: "XX" })).toEqual(["country:unsupported"]);
});

test("ORD-1 a state is asked for where the post needs one", () => {
  expect(problemsOf({ country: "US", postalCode: "10001" })).toEqual(["region:required"]);
  expect(problemsOf({ country: "US", postalCode: "10001", region: "NY" })).toEqual([]);
});

test("ORD-1 texts are trimmed, postal codes keep their zeros, empty optional fields are null", () => {
  const typed = { ...BERLIN, name: "  Maren   Brandt ", line2: "  ", country: "de" };
  expect(normalizeAddress(typed)).toEqual(BERLIN);
});

test("ORD-1 a contact needs a name and an e-mail address that could exist", () => {
  expect(contactProblemsOf({})).toEqual([]);
  expect(contactProblemsOf({ phone: "+49 (221) 4710-118" })).toEqual([]);
  expect(contactProblemsOf({ name: "", email: "" })).toEqual(["name:required", "email:required"]);
  for (const email of ["a", "a@b", "a b@c.de", "a@b..de", "@b.de"]) {
    expect(contactProblemsOf({ email })).toEqual(["email:format"]);
  }
  expect(contactProblemsOf({ phone: "call me" })).toEqual(["phone:format"]);
});

test("ORD-1 a contact's e-mail address is kept in lower case", () => {
  const typed = { name: " Maren ", email: " Maren@Example.COM ", phone: "" };
  expect(normalizeContact(typed)).toEqual({
    name: "Maren",
    email: "maren@example.com",
    phone: null,
  });
});
