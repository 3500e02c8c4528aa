import type { HttpReply } from "./http.ts";

/** Text that is HTML already and is not escaped again. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | null | false | readonly Part[];

/** A piece of HTML; what is put into it is escaped, `null` and `false` leave nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => `${text}${write(parts[index] ?? null)}`).join(""));
}

function write(part: Part): string {
  if (part === null || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(write).join("");
  return String(part).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export interface PageOptions {
  readonly title: string;
  readonly nonce: string;
  readonly body: Html;
  /** JavaScript to run in the page. */
  readonly script?: string;
  /** Who may show the page in a frame, as CSP sources. */
  readonly frameAncestors?: string;
  /** Where forms may lead, redirects included, as CSP sources. */
  readonly formAction?: string;
  readonly status?: number;
}

/** A whole page in the shop's colours, light and dark, with nothing loaded from elsewhere. */
export function pageReply(options: PageOptions): HttpReply {
  const { nonce } = options;
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${options.title}</title>
        <link rel="icon" href="data:," />
        <style nonce="${nonce}">
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${options.body}
        ${
          options.script !== undefined &&
          html`<script nonce="${nonce}">
            ${new Html(options.script)};
          </script>`
        }
      </body>
    </html>`;
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "img-src data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    `form-action ${options.formAction ?? "'self'"}`,
    `frame-ancestors ${options.frameAncestors ?? "'none'"}`,
  ];
  return {
    status: options.status ?? 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
    },
    body: document.text,
  };
}

const STYLE = `
:root {
  color-scheme: light;
  --canvas: #fbfaf8; --surface: #ffffff; --sunken: #f3f1ec; --line: #e5e1da; --line-strong: #8b857a;
  --ink: #1a1815; --ink-2: #524d45; --ink-3: #6b655b;
  --accent: #1f3ce6; --accent-hover: #162db8; --on-accent: #ffffff; --accent-text: #1f3ce6;
  --accent-soft: #e8ecff; --on-accent-soft: #162db8;
  --success: #17663d; --success-soft: #e2f2e8; --warning: #7d4e00; --warning-soft: #fbefd3;
  --danger: #b0241b; --danger-soft: #fce9e5;
}
@media (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --canvas: #141311; --surface: #1b1a17; --sunken: #100f0d; --line: #34312c; --line-strong: #7f786d;
    --ink: #f5f2ec; --ink-2: #c2bbb0; --ink-3: #a19a8e;
    --accent: #4a64ff; --accent-hover: #3d55e6; --on-accent: #ffffff; --accent-text: #a3b1ff;
    --accent-soft: #20274f; --on-accent-soft: #c3ccff;
    --success: #6cd39a; --success-soft: #15301f; --warning: #f2bc5c; --warning-soft: #362708;
    --danger: #ff9c8f; --danger-soft: #401914;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--canvas); color: var(--ink);
  font: 16px/1.5 "Hanken Grotesk", system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
main { max-width: 1200px; margin: 0 auto; padding: 32px 20px 64px; }
main.narrow { max-width: 520px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 20px; line-height: 1.3; margin: 40px 0 12px; }
p { margin: 0 0 12px; max-width: 60ch; }
a { color: inherit; text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--accent-text); outline-offset: 2px; }
.quiet { color: var(--ink-3); }
.small { font-size: 14px; }
.panel {
  background: var(--surface); border: 1px solid var(--line); border-radius: 18px; padding: 20px;
  margin: 0 0 16px;
}
.scroll { position: relative; overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 18px; }
.panel > :first-child { margin-top: 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-size: 13px; font-weight: 500; color: var(--ink-3); }
th, td { padding: 10px 14px; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
td.number, th.number { text-align: right; }
code { font: 13px/1.4 ui-monospace, "SFMono-Regular", Menlo, monospace; }
.badge { display: inline-block; border-radius: 6px; padding: 1px 8px; font-size: 13px; background: var(--sunken); color: var(--ink-2); }
.badge.success { background: var(--success-soft); color: var(--success); }
.badge.warning { background: var(--warning-soft); color: var(--warning); }
.badge.danger { background: var(--danger-soft); color: var(--danger); }
.note { background: var(--accent-soft); color: var(--on-accent-soft); border-radius: 10px; padding: 10px 14px; font-size: 14px; }
.note.danger { background: var(--danger-soft); color: var(--danger); }
button, select, input {
  font: inherit; min-height: 44px; border-radius: 10px; border: 1px solid var(--line-strong);
  background: var(--surface); color: var(--ink); padding: 8px 14px;
}
button { cursor: pointer; font-weight: 600; }
button:hover { background: var(--sunken); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); width: 100%; min-height: 54px; }
button.primary:hover { background: var(--accent-hover); }
td button, td select { min-height: 32px; padding: 2px 10px; font-size: 13px; font-weight: 500; }
form.inline { display: inline-flex; gap: 6px; margin: 0 4px 0 0; }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin: 12px 0 0; }
.row > * { flex: 1 1 140px; }
.row > button { flex: 0 1 auto; }
label { display: block; font-size: 14px; }
label > select, label > input { width: 100%; margin-top: 4px; }
dl.sum { display: grid; grid-template-columns: 1fr auto; gap: 6px 16px; margin: 12px 0 0; }
dl.sum dt { color: var(--ink-2); }
dl.sum dd { margin: 0; text-align: right; }
dl.sum .total { font-weight: 600; color: var(--ink); padding-top: 6px; border-top: 1px solid var(--line); }
ul.plain { list-style: none; margin: 0; padding: 0; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.mail { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 16px; padding: 14px 20px; border-bottom: 1px solid var(--line); text-decoration: none; }
.mail:hover { background: var(--sunken); }
li:last-child > .mail { border-bottom: 0; }
.mail strong { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.mail span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
iframe.mail-body { width: 100%; height: 720px; border: 1px solid var(--line); border-radius: 18px; background: #ffffff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--surface); border: 1px solid var(--line); border-radius: 18px; padding: 20px; margin: 0; font: 14px/1.5 ui-monospace, Menlo, monospace; }
dl.head { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; margin: 0 0 20px; font-size: 14px; }
dl.head dt { color: var(--ink-3); }
dl.head dd { margin: 0; overflow-wrap: anywhere; }
`;
