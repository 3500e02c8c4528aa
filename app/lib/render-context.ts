import { createContext, useContext } from "react";

type RenderContext = { readonly nonce: string; readonly requestId: string };

const Context = createContext<RenderContext | null>(null);

/** Put around a page by the server; in a browser there is none. */
export const RenderContextProvider = Context.Provider;

/** The nonce of this response while the server renders; empty in a browser, which hides it as well. */
export function useNonce(): string {
  return useContext(Context)?.nonce ?? "";
}

/** The id of the request that this document answered: what a visitor can quote. */
export function useRequestId(): string | undefined {
  const context = useContext(Context);
  if (context !== null) return context.requestId;
  return typeof document === "undefined"
    ? undefined
    : document.documentElement.dataset["requestId"];
}
