import { useEffect, useRef, useState } from "react";

const QUIET_MS = 5000;

/**
 * Says what a value has become, for those who do not see it change: nothing at first, and at most
 * once in five seconds, with the latest words.
 */
export function LiveAnnouncement({ text }: { readonly text: string }) {
  const [said, setSaid] = useState("");
  const first = useRef(text);
  const lastSaidAt = useRef(-QUIET_MS);

  useEffect(() => {
    if (text === first.current) return undefined;
    first.current = "";
    const wait = Math.max(0, lastSaidAt.current + QUIET_MS - performance.now());
    const timer = setTimeout(() => {
      lastSaidAt.current = performance.now();
      setSaid(text);
    }, wait);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);

  return (
    <p role="status" className="sr-only">
      {said}
    </p>
  );
}
