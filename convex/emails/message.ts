/**
 * A mail as a list of parts, from which both the HTML and the plain text are made, so that neither
 * can say what the other does not.
 */
export type EmailMessage = {
  readonly subject: string;
  /** Shown by mail programs beside the subject. */
  readonly preview: string;
  readonly title: string;
  readonly parts: readonly EmailPart[];
  readonly button: { readonly label: string; readonly url: string } | null;
};

export type EmailPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "lines"; readonly lines: readonly EmailLine[] }
  | { readonly kind: "facts"; readonly facts: readonly EmailFact[] };

export type EmailLine = {
  readonly title: string;
  readonly detail: string;
  readonly amount: string;
};

export type EmailFact = {
  readonly label: string;
  readonly value: string;
  readonly isStrong?: boolean;
};

export type EmailSender = { readonly shopName: string; readonly address: string };

export type RenderedEmail = {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
};
