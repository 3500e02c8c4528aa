import { CircleCheck, Info, TriangleAlert, X } from "lucide-react";
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
} from "react";
import { useTranslations } from "use-intl";

import { Icon } from "./icon.tsx";

const VISIBLE_MS = 6000;
const MAX_VISIBLE = 2;

export type ToastMessage = {
  readonly text: string;
  readonly tone?: "success" | "info" | "warning";
  /** One thing to do about it; pressing it closes the toast. */
  readonly action?: { readonly label: string; readonly onSelect: () => void };
};

type ShownToast = ToastMessage & { readonly key: number };

const ToastContext = createContext<((message: ToastMessage) => void) | null>(null);

/** Gives a function that shows a short notice. An error must have a home on the page as well. */
export function useToast(): (message: ToastMessage) => void {
  const show = useContext(ToastContext);
  if (show === null) throw new Error("useToast needs a ToastProvider above it");
  return show;
}

/** Holds at most two toasts at the bottom centre, the newest last; the oldest makes room. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly ShownToast[]>([]);

  const show = useCallback((message: ToastMessage) => {
    setToasts((shown) => {
      const key = (shown.at(-1)?.key ?? 0) + 1;
      return [...shown, { ...message, key }].slice(-MAX_VISIBLE);
    });
  }, []);
  const close = useCallback((key: number) => {
    setToasts((shown) => shown.filter((toast) => toast.key !== key));
  }, []);

  return (
    <ToastContext.Provider value={show}>
      {children}
      <ToastRegion toasts={toasts} onClose={close} />
    </ToastContext.Provider>
  );
}

function ToastRegion({
  toasts,
  onClose,
}: {
  readonly toasts: readonly ShownToast[];
  readonly onClose: (key: number) => void;
}) {
  const [held, setHeld] = useState(false);
  const hold = useMemo(
    () => ({
      onPointerEnter: () => {
        setHeld(true);
      },
      onPointerLeave: () => {
        setHeld(false);
      },
      onFocus: () => {
        setHeld(true);
      },
      onBlur: () => {
        setHeld(false);
      },
    }),
    [],
  );
  useEffect(() => {
    if (toasts.length === 0) setHeld(false);
  }, [toasts.length]);

  return (
    <div className="pointer-events-none fixed inset-x-4 bottom-[calc(1.5rem+var(--bottom-bar,0px)+env(safe-area-inset-bottom))] z-toast">
      <div
        role="status"
        aria-live="polite"
        className="mx-auto flex max-w-md flex-col items-center gap-2"
        {...hold}
      >
        {toasts.map((toast) => (
          <Toast
            key={toast.key}
            toast={toast}
            held={held}
            onClose={() => {
              onClose(toast.key);
            }}
          />
        ))}
      </div>
    </div>
  );
}

/** One toast by itself, as the component page shows it. */
export function Toast({
  toast,
  held,
  onClose,
}: {
  readonly toast: ToastMessage;
  /** While the pointer or the focus is on it, it stays. */
  readonly held: boolean;
  readonly onClose: () => void;
}) {
  const t = useTranslations("ui");
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(onClose, VISIBLE_MS);
    return () => {
      clearTimeout(timer);
    };
    // A new closure each render must not start the time anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [held]);

  return (
    <div className="pointer-events-auto flex min-h-12 max-w-full animate-rise-in items-center gap-3 rounded-thumb bg-inverse py-1.5 pr-1.5 pl-4 text-sm text-on-inverse shadow-pop">
      <Icon as={toneIcon[toast.tone ?? "success"]} />
      <span className="py-1.5">{toast.text}</span>
      {toast.action && (
        <button
          type="button"
          className="min-h-9 shrink-0 rounded-[8px] px-2 font-semibold underline underline-offset-[3px] focus-visible:outline-on-inverse"
          onClick={() => {
            toast.action?.onSelect();
            onClose();
          }}
        >
          {toast.action.label}
        </button>
      )}
      <button
        type="button"
        aria-label={t("close")}
        className="grid size-9 shrink-0 place-items-center rounded-[8px] opacity-70 hover:opacity-100 focus-visible:outline-on-inverse"
        onClick={onClose}
      >
        <Icon as={X} size={16} />
      </button>
    </div>
  );
}

const toneIcon = { success: CircleCheck, info: Info, warning: TriangleAlert };
