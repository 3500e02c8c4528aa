import type { ConnectionState } from "convex/browser";
import { ConvexProviderWithAuth, ConvexReactClient, useConvex } from "convex/react";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";

const LOST_AFTER_MS = 1_500;
const TOKEN_PATH = "/resources/convex-token";

const IdentityContext = createContext<string | null>(null);

/** A key for the session the page was rendered with, or null for a visitor without an identity. */
export function useIdentityKey(): string | null {
  return useContext(IdentityContext);
}

/**
 * One socket to the deployment for the life of the document. The browser keeps no credentials: the
 * short-lived token comes from the web server, which has the session in a cookie.
 */
export function ConvexConnection({
  url,
  identityKey,
  children,
}: {
  /** Where the deployment is reached from a browser: the shop's own address. */
  readonly url: string;
  readonly identityKey: string | null;
  readonly children: ReactNode;
}) {
  const [client] = useState(
    () =>
      new ConvexReactClient(url, {
        skipConvexDeploymentUrlCheck: true,
        initialAuthTokenReuse: true,
        unsavedChangesWarning: false,
      }),
  );
  return (
    <IdentityContext.Provider value={identityKey}>
      <ConvexProviderWithAuth client={client} useAuth={useCookieSession}>
        {children}
      </ConvexProviderWithAuth>
    </IdentityContext.Provider>
  );
}

/** False once the socket has been gone for longer than a blink. On the server nothing connects. */
export function useIsConnected(): boolean {
  const client = useConvex();
  const [isLost, setIsLost] = useState(false);
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const update = (state: ConnectionState) => setIsLost(hasLostConnection(state));
    update(client.connectionState());
    return client.subscribeToConnectionState(update);
  }, [client]);
  useEffect(() => {
    if (!isLost) {
      setIsShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setIsShown(true), LOST_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isLost]);
  return !isShown;
}

function hasLostConnection(state: ConnectionState): boolean {
  const { isWebSocketConnected, hasEverConnected, connectionRetries } = state;
  return !isWebSocketConnected && (hasEverConnected || connectionRetries > 1);
}

function useCookieSession() {
  const identityKey = useIdentityKey();
  const fetchAccessToken = useCallback(
    ({ forceRefreshToken }: { forceRefreshToken: boolean }) => fetchToken(forceRefreshToken),
    // Another identity is another way to get a token: the client authenticates anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [identityKey],
  );
  return useMemo(
    () => ({ isLoading: false, isAuthenticated: identityKey !== null, fetchAccessToken }),
    [identityKey, fetchAccessToken],
  );
}

/** Null ends the socket's identity, so a server that is only out of reach must not lead to null. */
async function fetchToken(isForced: boolean): Promise<string | null> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(TOKEN_PATH, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(isForced ? { refresh: "1" } : {}),
      });
      if (response.ok) {
        const { token } = (await response.json()) as { token: string | null };
        return token;
      }
      if (response.status < 500) return null;
    } catch {
      // No connection: asked again below, as the client does with its socket.
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(1_000 * 2 ** attempt, 10_000)));
  }
}
