import { useState } from "react";

type Row = { readonly id: string };

type Held = {
  readonly listKey: string;
  readonly shown: number;
  readonly ids: readonly string[];
};

/**
 * Live rows in the order in which they were first shown: values change in place, while new rows and
 * a new order wait until they are asked for. Another list starts anew; more of the same list is
 * put at the end.
 */
export function useHeldOrder<R extends Row>(
  rows: readonly R[],
  list: { readonly key: string; readonly shown: number },
): { readonly rows: readonly R[]; readonly waiting: number; readonly showWaiting: () => void } {
  const ids = rows.map((row) => row.id);
  const [held, setHeld] = useState<Held>({ listKey: list.key, shown: list.shown, ids });

  let current = held;
  if (held.listKey !== list.key) current = { listKey: list.key, shown: list.shown, ids };
  else if (held.shown !== list.shown) {
    current = { ...held, shown: list.shown, ids: [...new Set([...held.ids, ...ids])] };
  }
  if (current !== held) setHeld(current);

  const byId = new Map(rows.map((row) => [row.id, row]));
  const known = new Set(current.ids);
  return {
    rows: current.ids.flatMap((id) => byId.get(id) ?? []),
    waiting: ids.filter((id) => !known.has(id)).length,
    showWaiting: () => {
      setHeld({ ...current, ids });
    },
  };
}
