import { useRevalidator } from "@remix-run/react";
import { useEffect } from "react";

const CHANNEL = "vitrine-session";

/**
 * Signing in or out in one tab shows in all: each tab says who it is for, and one that is for somebody
 * else loads its data anew.
 */
export function useSessionSync(identityKey: string | null): void {
  const { revalidate } = useRevalidator();
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener("message", (event) => {
      if (event.data !== identityKey) revalidate();
    });
    channel.postMessage(identityKey);
    return () => channel.close();
  }, [identityKey, revalidate]);
}
