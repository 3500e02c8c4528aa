import { act, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { ConvexProvider, type ConvexReactClient } from "convex/react";
import { afterEach, beforeEach, expect, test } from "vitest";

import { type LivePages, type LiveValue, useLive, useLivePaginated } from "./live-query.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

type Args = Record<string, unknown> & { paginationOpts?: { cursor: string | null } };

/** A client whose answers the test gives; what is watched is keyed by slug or by cursor. */
class FakeClient {
  readonly #values = new Map<string, unknown>();
  readonly #listeners = new Set<() => void>();
  readonly logger = { warn: () => undefined };

  answer(key: string, value: unknown): void {
    this.#values.set(key, value);
    for (const listener of this.#listeners) listener();
  }

  watchQuery(_query: unknown, args: Args) {
    const { slug, paginationOpts } = args;
    const key = paginationOpts === undefined ? String(slug) : String(paginationOpts.cursor);
    return {
      localQueryResult: () => this.#values.get(key),
      journal: () => undefined,
      onUpdate: (listener: () => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }
}

let client: FakeClient;
let container: HTMLElement;
let root: Root;

beforeEach(() => {
  client = new FakeClient();
  container = document.createElement("div");
  root = createRoot(container);
});

afterEach(() => {
  act(() => root.unmount());
});

const handleOf = (slug: string, value: string): LiveValue<string> => ({
  name: "shop/products:get",
  args: { slug },
  value,
  __value: value,
});

function Product({ handle }: { readonly handle: LiveValue<string> }) {
  return <p>{useLive(handle)}</p>;
}

function show(element: React.ReactNode): void {
  const provided = client as unknown as ConvexReactClient;
  act(() => root.render(<ConvexProvider client={provided}>{element}</ConvexProvider>));
}

test("the server renders the value it read, and the browser starts with the same", () => {
  const provided = client as unknown as ConvexReactClient;
  const html = renderToString(
    <ConvexProvider client={provided}>
      <Product handle={handleOf("mirror", "rendered")} />
    </ConvexProvider>,
  );
  expect(html).toBe("<p>rendered</p>");
  show(<Product handle={handleOf("mirror", "rendered")} />);
  expect(container.textContent).toBe("rendered");
});

test("a live value takes the place of the rendered one and follows changes", () => {
  show(<Product handle={handleOf("mirror", "rendered")} />);
  act(() => client.answer("mirror", "live"));
  expect(container.textContent).toBe("live");
  act(() => client.answer("mirror", "changed"));
  expect(container.textContent).toBe("changed");
});

test("a handle with other arguments shows its own value and not the former one's", () => {
  show(<Product handle={handleOf("mirror", "mirror")} />);
  act(() => client.answer("mirror", "live mirror"));
  show(<Product handle={handleOf("teapot", "teapot")} />);
  expect(container.textContent).toBe("teapot");
});

type PageValue = { page: string[]; isDone: boolean; continueCursor: string };

const firstPage: PageValue = { page: ["a", "b"], isDone: false, continueCursor: "c1" };
const listHandle: LiveValue<PageValue> = {
  name: "shop/products:list",
  args: { category: "home", paginationOpts: { numItems: 2, cursor: null } },
  value: firstPage,
  __value: firstPage,
};

let pages: LivePages<string>;

function List({ handle }: { readonly handle: LiveValue<PageValue> }) {
  const live = useLivePaginated<string>(handle);
  useEffect(() => {
    pages = live;
  });
  return <p>{`${live.results.join(",")} ${live.status}`}</p>;
}

test("a list starts with the rendered page and loads more once live", () => {
  show(<List handle={listHandle} />);
  expect(container.textContent).toBe("a,b canLoadMore");
  act(() => client.answer("null", { ...firstPage, page: ["a", "B"] }));
  expect(container.textContent).toBe("a,B canLoadMore");
  act(() => pages.loadMore(2));
  expect(container.textContent).toBe("a,B loadingMore");
  act(() => client.answer("c1", { page: ["c"], isDone: true, continueCursor: "c2" }));
  expect(container.textContent).toBe("a,B,c exhausted");
});

test("more that was asked for before the socket stood is loaded as soon as it does", () => {
  show(<List handle={listHandle} />);
  act(() => pages.loadMore(2));
  expect(container.textContent).toBe("a,b loadingMore");
  act(() => client.answer("null", firstPage));
  act(() => client.answer("c1", { page: ["c"], isDone: true, continueCursor: "c2" }));
  expect(container.textContent).toBe("a,b,c exhausted");
});

test("a list that was whole when it was rendered offers no more", () => {
  const whole = { ...firstPage, isDone: true };
  show(<List handle={{ ...listHandle, value: whole }} />);
  expect(container.textContent).toBe("a,b exhausted");
});
