import messages from "#app/messages/en.json";

/** The title of a document: what the page is, then whose. */
export function pageTitle(title: string): string {
  return `${title} · ${messages.shop.name}`;
}
