import { renderToStaticMarkup } from "react-dom/server";
import Markdown from "react-markdown";
import rehypeSanitize from "rehype-sanitize";

/**
 * Markdown as HTML that may be put into a page as it is: raw HTML, scripts and unsafe addresses in
 * the text are left out. Rendered here, so that no parser travels to the browser.
 */
export function renderMarkdown(markdown: string): string {
  return renderToStaticMarkup(<Markdown rehypePlugins={[rehypeSanitize]}>{markdown}</Markdown>);
}
