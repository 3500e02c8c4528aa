import { Notice } from "#app/components/ui/notice.tsx";

/** What is wrong with a form as a whole; it takes the focus when it appears after a submit. */
export function FormProblem({ message }: { readonly message: string | null }) {
  if (message === null) return null;
  return (
    <div tabIndex={-1} data-form-problem="" className="rounded-md">
      <Notice tone="danger" role="alert">
        {message}
      </Notice>
    </div>
  );
}
