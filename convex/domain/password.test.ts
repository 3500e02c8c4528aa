import { expect, test } from "vitest";

import { passwordProblem } from "./password.ts";

const person = { email: "ada.byron@example.com", firstName: "Ada", lastName: "Byron" };

test("ACC-1: length is what counts, and any characters will do", () => {
  expect(passwordProblem("ninechars", person)).toBe("short");
  expect(passwordProblem("teapot in the rain", person)).toBeNull();
  expect(passwordProblem("日本語のとても長い合言葉", person)).toBeNull();
  expect(passwordProblem("k8#fL2!pQz", person)).toBeNull();
  expect(passwordProblem("x".repeat(201), person)).toBe("long");
});

test("ACC-1: common passwords are refused, however they are dressed up", () => {
  const common = [
    "Password123!",
    "passwordpassword",
    "qwertyuiop",
    "1234567890",
    "9876543210",
    "aaaaaaaaaaaa",
    "abababababab",
    "!!letmein!!!!",
  ];
  for (const password of common) expect(passwordProblem(password, person)).toBe("common");
});

test("ACC-1: one's own name or address is no password", () => {
  expect(passwordProblem("ada.byron@example.com", person)).toBe("common");
  expect(passwordProblem("Ada Byron", { ...person, firstName: "Adalina" })).toBe("short");
  expect(passwordProblem("adalinabyron", { ...person, firstName: "Adalina" })).toBe("common");
});
