import { createContext, type ReactNode, useContext, useState } from "react";

export type FormValues = Readonly<Record<string, string>>;

type Draft = { readonly base: string; readonly values: FormValues };

const DraftsContext = createContext<Map<string, Draft>>(new Map());

/** Keeps what is typed in a step while the shopper looks at another one. */
export function DraftsProvider({ children }: { readonly children: ReactNode }) {
  const [drafts] = useState(() => new Map<string, Draft>());
  return <DraftsContext.Provider value={drafts}>{children}</DraftsContext.Provider>;
}

/** The draft of one form; it is void once what it started from was changed elsewhere. */
export function useDraft(name: string, saved: FormValues) {
  const drafts = useContext(DraftsContext);
  const base = JSON.stringify(saved);
  const draft = drafts.get(name);
  return {
    values: draft?.base === base ? draft.values : null,
    remember: (values: FormValues) => void drafts.set(name, { base, values }),
  };
}
