import { useEffect, useState, type ReactNode } from "react";

import { classNames } from "./class-names.ts";

/** A grey piece of the exact size of what comes; the size is given by the class. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={classNames("block skeleton", className)} />;
}

const PATIENCE_MS = 200;

/** Keeps its place empty for 200 ms, so that what comes quickly never flashes grey. */
export function Patiently({ children }: { readonly children: ReactNode }) {
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setWaited(true);
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return <div className={waited ? undefined : "invisible"}>{children}</div>;
}
