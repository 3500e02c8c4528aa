import { accessOf, type Access } from "#convex/lib/access.ts";

const modules = import.meta.glob<Record<string, unknown>>(
  ["../../convex/**/*.ts", "!../../convex/**/*.{test,setup,d,config}.ts"],
  { eager: true },
);

/** A function that the shop registers, with its validators as Convex's JSON text. */
export interface ShopFunction {
  /** As clients name it with a dot: "shop/cart.add". */
  readonly path: string;
  /** The first part of the path. */
  readonly folder: string;
  readonly isPublic: boolean;
  readonly kind: "query" | "mutation" | "action";
  readonly args: string;
  readonly returns: string;
  readonly access: Access | null;
}

/** Every function in `convex/`, with those that the sign-in library makes. */
export function readShopFunctions(): ShopFunction[] {
  return Object.entries(modules).flatMap(([file, exported]) =>
    Object.entries(exported).flatMap(([name, value]) => readFunction(file, name, value)),
  );
}

function readFunction(file: string, name: string, value: unknown): ShopFunction[] {
  if (typeof value !== "function" || !("exportArgs" in value)) return [];
  const path = `${file.replace("../../convex/", "").replace(/\.ts$/, "")}.${name}`;
  return [
    {
      path,
      folder: path.split("/")[0] ?? "",
      isPublic: "isPublic" in value && value.isPublic === true,
      kind: "isQuery" in value ? "query" : "isMutation" in value ? "mutation" : "action",
      args: callExport(value, "exportArgs"),
      returns: callExport(value, "exportReturns"),
      access: accessOf(value),
    },
  ];
}

function callExport(registered: object, name: "exportArgs" | "exportReturns"): string {
  const method: unknown = Reflect.get(registered, name);
  return typeof method === "function" ? String(Reflect.apply(method, registered, [])) : "null";
}
