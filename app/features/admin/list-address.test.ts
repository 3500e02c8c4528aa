import { expect, test } from "vitest";

import { besidePath, listPath, readBeside, readListAddress } from "./list-address.ts";

const read = (query: string) => readListAddress(new URLSearchParams(query));

test("an address with nonsense in it is the first page of everything", () => {
  for (const nonsense of ["", "page=-1", "page=1.5", "page=NaN", "page=1e9"]) {
    expect(read(nonsense)).toEqual({ query: "", page: 1 });
  }
  expect(read(`q=${"a".repeat(200)}`).query).toHaveLength(100);
});

test("a view has one address, which reads back as the view", () => {
  expect(listPath("/admin/orders", { q: "", page: 1, status: null })).toBe("/admin/orders");
  const path = listPath("/admin/orders", { q: "Maja & co", page: 3, status: "paid" });
  expect(path).toBe("/admin/orders?status=paid&q=Maja+%26+co&page=3");
  expect(read(path.split("?")[1] ?? "")).toEqual({ query: "Maja & co", page: 3 });
});

test("a place in a list without numbers has an address, which reads back as the place", () => {
  expect(readBeside(new URLSearchParams("page=2"))).toBeNull();
  for (const side of ["after", "before"] as const) {
    const path = besidePath("/admin/products", { side, productId: "k57a" });
    expect(path).toBe(`/admin/products?${side}=k57a`);
    expect(readBeside(new URLSearchParams(path.split("?")[1]))).toEqual({
      side,
      productId: "k57a",
    });
  }
});
