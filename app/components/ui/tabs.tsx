import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { classNames } from "./class-names.ts";

export type Tab = {
  readonly key: string;
  readonly label: string;
  readonly count?: number;
  readonly panel: ReactNode;
};

/** Panels of which one shows; arrow keys, Home and End move, as the ARIA pattern asks. */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const baseId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(tabs[0]?.key ?? "");
  const current = tabs.some((tab) => tab.key === chosen) ? chosen : tabs[0]?.key;

  function move(event: KeyboardEvent) {
    const index = tabs.findIndex((tab) => tab.key === current);
    const target = targetIndex(event.key, index, tabs.length);
    const next = target === null ? undefined : tabs[target];
    if (next === undefined) return;
    event.preventDefault();
    setChosen(next.key);
    list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[target ?? 0]?.focus();
  }

  return (
    <div>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={move}
        className="flex scrollbar-none gap-7 overflow-x-auto border-b border-line"
      >
        {tabs.map((tab) => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`${baseId}-tab-${tab.key}`}
            aria-selected={tab.key === current}
            aria-controls={`${baseId}-panel-${tab.key}`}
            tabIndex={tab.key === current ? 0 : -1}
            onClick={() => {
              setChosen(tab.key);
            }}
            className={classNames(
              "-mb-px border-b-2 py-3 text-ui font-semibold whitespace-nowrap -outline-offset-2",
              tab.key === current ? "border-accent text-ink" : "border-transparent text-ink-3",
            )}
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="font-semibold text-ink-3 tabular-nums"> {tab.count}</span>
            )}
          </button>
        ))}
      </div>
      {tabs.map((tab) => (
        <div
          key={tab.key}
          role="tabpanel"
          id={`${baseId}-panel-${tab.key}`}
          aria-labelledby={`${baseId}-tab-${tab.key}`}
          hidden={tab.key !== current}
          // A panel of plain text must be reachable by Tab, says the pattern.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
        >
          {tab.panel}
        </div>
      ))}
    </div>
  );
}

function targetIndex(key: string, index: number, length: number): number | null {
  switch (key) {
    case "ArrowRight":
      return (index + 1) % length;
    case "ArrowLeft":
      return (index - 1 + length) % length;
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return null;
  }
}
