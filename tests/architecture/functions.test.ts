import { expect, test } from "vitest";

import { PERMISSIONS } from "#convex/domain/permissions.ts";
import type { Access } from "#convex/lib/access.ts";
import { readShopFunctions } from "#tests/support/shop-functions.ts";

const sources = import.meta.glob<string>("../../convex/**/*.ts", {
  eager: true,
  query: "?raw",
  import: "default",
});

/**
 * Made by libraries, or in front of one: what signing in may do and takes is decided by its providers,
 * and migrations are internal.
 */
const EXEMPT = new Set([
  ...["auth.signIn", "auth.signOut", "auth.store"],
  ...["jobs/migrations.countOrders", "jobs/migrations.run"],
]);

/** The audience that a folder is for. */
const LEVELS: Readonly<Record<string, readonly Access["level"][]>> = {
  shop: ["public", "visitor", "guest", "user"],
  account: ["visitor", "guest", "user"],
  admin: ["staff"],
};

const functions = readShopFunctions().filter(({ path }) => !EXEMPT.has(path));

test("the functions of the shop are found", () => {
  expect(functions.length).toBeGreaterThan(30);
  expect(functions.map(({ path }) => path)).toContain("shop/cart.add");
});

test("SYS-5: every public function names its access, and its folder is for that audience", () => {
  const wrong = functions
    .filter(({ isPublic }) => isPublic)
    .filter(({ folder, access }) => access === null || !LEVELS[folder]?.includes(access.level))
    .map(({ path, access }) => `${path}: ${access?.level ?? "no access named"}`);
  expect(wrong).toEqual([]);
});

test("SYS-5: every staff function asks for a permission that exists", () => {
  const wrong = functions.filter(
    ({ access }) => access?.level === "staff" && !PERMISSIONS.includes(access.permission),
  );
  expect(wrong).toEqual([]);
});

test("SYS-5: every function validates what goes in and what comes out, and nothing is any", () => {
  const wrong = functions
    .filter(({ args, returns }) => hasAny(args) || returns === "null" || hasAny(returns))
    .map(({ path, args, returns }) => `${path}: ${args} ${returns}`);
  expect(wrong).toEqual([]);
});

test("functions for the scheduler and for the start are internal", () => {
  const wrong = functions.filter(({ folder, isPublic }) => folder === "jobs" && isPublic);
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("the raw builders are imported in one file only", () => {
  const importsBuilder =
    /import \{[^}]*\b(?:internal)?(?:[qQ]uery|[mM]utation|[aA]ction)\b[^}]*\} from "[./]+_generated\/server/;
  const files = Object.entries(sources)
    .filter(([file]) => !file.includes("/_generated/"))
    .filter(([, source]) => importsBuilder.test(source))
    .map(([file]) => file.replace("../../", ""));
  expect(files).toEqual(["convex/lib/functions.ts"]);
});

function hasAny(validator: string): boolean {
  return validator.includes('"type":"any"');
}
