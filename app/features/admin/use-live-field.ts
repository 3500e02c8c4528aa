import { type ChangeEvent, useRef, useState } from "react";

type Typed = { readonly text: string; readonly base: string };

/**
 * A field that shows a live value until somebody types into it. Then it keeps what was typed, and
 * `moved` says that the value underneath has become another one since. Once the typed text is saved
 * the field is live again.
 */
export function useLiveField(
  live: string,
  {
    refused,
    busy,
    isDone,
  }: {
    /** What was typed when the form came back from the server. */
    readonly refused: string | undefined;
    readonly busy: boolean;
    readonly isDone: boolean;
  },
) {
  const [typed, setTyped] = useState<Typed | null>(
    refused === undefined || refused === live ? null : { text: refused, base: live },
  );
  const sent = useRef<string | null>(null);
  const isSaved = isDone && typed !== null && sent.current === typed.text;
  const shown = isSaved ? null : typed;
  return {
    value: shown?.text ?? live,
    isDirty: shown !== null && shown.text !== live,
    moved: shown !== null && !busy && shown.base !== live && shown.text !== live,
    onChange: ({ target }: ChangeEvent<HTMLInputElement>) => {
      sent.current = null;
      setTyped({ text: target.value, base: shown?.base ?? live });
    },
    /** To be called when the form goes out. */
    send: () => {
      sent.current = typed?.text ?? null;
    },
    /** Back to the live value. */
    reset: () => setTyped(null),
  };
}
