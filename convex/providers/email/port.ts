export type Email = {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** At most 256 characters. A second mail with the same key is not sent. */
  readonly idempotencyKey: string;
};

export type Delivery =
  | { readonly kind: "sent"; readonly providerId: string | null }
  /** It may work later: try again with the same key. */
  | { readonly kind: "postponed"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface EmailSender {
  send(email: Email): Promise<Delivery>;
}
