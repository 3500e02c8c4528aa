import { Notice } from "#app/components/ui/notice.tsx";

/** What is wrong with a form as a whole; it takes the focus when it appears. */
export function FormMessage({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <div tabIndex={-1} data-form-problem="" className="rounded-md">
      <Notice tone="danger" role="alert">
        {text}
      </Notice>
    </div>
  );
}
