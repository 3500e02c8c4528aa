import { useEffect, useRef, type RefObject } from "react";

/**
 * Opens a native dialog as a modal while `open` is true. The browser keeps the focus inside, makes
 * the page behind inert and closes on Escape; the focus goes back to what had it before.
 *
 * Closing by any way calls `onClose`; the caller then turns `open` off.
 */
export function useModal(open: boolean, onClose: () => void): RefObject<HTMLDialogElement> {
  const ref = useRef<HTMLDialogElement>(null);
  const latestOnClose = useRef(onClose);
  useEffect(() => {
    latestOnClose.current = onClose;
  });

  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null || !open) return undefined;
    const opener = document.activeElement;
    const close = () => {
      latestOnClose.current();
    };
    const closeOnBackdrop = (event: MouseEvent) => {
      if (event.target === dialog) close();
    };

    dialog.showModal();
    document.documentElement.style.setProperty("overflow", "hidden");
    dialog.addEventListener("close", close);
    dialog.addEventListener("mousedown", closeOnBackdrop);
    return () => {
      dialog.removeEventListener("close", close);
      dialog.removeEventListener("mousedown", closeOnBackdrop);
      document.documentElement.style.removeProperty("overflow");
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [open]);

  return ref;
}
