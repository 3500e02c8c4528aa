import type {
  EmailFact,
  EmailLine,
  EmailMessage,
  EmailPart,
  EmailSender,
  RenderedEmail,
} from "./message.ts";

// The light theme of the shop. Mail programs know neither custom properties nor web fonts.
const COLOR = {
  canvas: "#FBFAF8",
  surface: "#FFFFFF",
  line: "#E5E1DA",
  ink: "#1A1815",
  ink2: "#524D45",
  ink3: "#6B655B",
  accent: "#1F3CE6",
  onAccent: "#FFFFFF",
} as const;

const FONT =
  "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** The mail as HTML, 600 pixels wide in one column, and as plain text. */
export function renderEmail(message: EmailMessage, sender: EmailSender): RenderedEmail {
  return {
    subject: message.subject,
    html: renderHtml(message, sender),
    text: renderText(message, sender),
  };
}

function renderHtml(message: EmailMessage, sender: EmailSender): string {
  const { subject, preview, title, parts, button } = message;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escape(subject)}</title>
</head>
<body style="margin:0;padding:0;background:${COLOR.canvas};color:${COLOR.ink};font-family:${FONT};font-size:16px;line-height:24px">
<div style="display:none;max-height:0;overflow:hidden">${escape(preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:${COLOR.canvas}">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" style="width:100%;max-width:600px">
<tr><td style="padding:0 0 24px;font-size:20px;font-weight:600">${escape(sender.shopName)}</td></tr>
<tr><td style="padding:32px;background:${COLOR.surface};border:1px solid ${COLOR.line};border-radius:12px">
<h1 style="margin:0 0 16px;font-size:26px;line-height:32px;font-weight:600">${escape(title)}</h1>
${parts.map(renderPart).join("\n")}
${button === null ? "" : renderButton(button)}
</td></tr>
<tr><td style="padding:24px 0 0;font-size:13px;line-height:20px;color:${COLOR.ink3}">${escape(sender.address)}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>`;
}

function renderPart(part: EmailPart): string {
  switch (part.kind) {
    case "text":
      return `<p style="margin:0 0 16px;color:${COLOR.ink2}">${escape(part.text)}</p>`;
    case "heading":
      return `<h2 style="margin:24px 0 8px;font-size:17px;line-height:24px;font-weight:600">${escape(part.text)}</h2>`;
    case "lines":
      return renderTable(part.lines.map(renderLine));
    case "facts":
      return renderTable(part.facts.map(renderFact));
  }
}

function renderTable(rows: readonly string[]): string {
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px">${rows.join("")}</table>`;
}

function renderLine({ title, detail, amount }: EmailLine): string {
  const border = `border-bottom:1px solid ${COLOR.line}`;
  return (
    `<tr><td style="padding:12px 0;${border}">${escape(title)}` +
    `<div style="font-size:14px;color:${COLOR.ink3}">${escape(detail)}</div></td>` +
    `<td align="right" valign="top" style="padding:12px 0;white-space:nowrap;${border}">${escape(amount)}</td></tr>`
  );
}

function renderFact({ label, value, isStrong }: EmailFact): string {
  const weight = isStrong === true ? `font-weight:600;color:${COLOR.ink}` : `color:${COLOR.ink2}`;
  return (
    `<tr><td valign="top" style="padding:4px 16px 4px 0;${weight}">${escape(label)}</td>` +
    `<td align="right" style="padding:4px 0;${weight}">${escapeLines(value)}</td></tr>`
  );
}

function renderButton({ label, url }: { label: string; url: string }): string {
  const style = `display:inline-block;padding:12px 24px;border-radius:999px;background:${COLOR.accent};color:${COLOR.onAccent};font-weight:600;text-decoration:none`;
  return `<p style="margin:24px 0 0"><a href="${escape(url)}" style="${style}">${escape(label)}</a></p>`;
}

function renderText(message: EmailMessage, sender: EmailSender): string {
  const { title, parts, button } = message;
  const blocks = [
    title,
    ...parts.map(textOfPart),
    ...(button === null ? [] : [`${button.label}:\n${button.url}`]),
    `-- \n${sender.shopName}\n${sender.address}`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

function textOfPart(part: EmailPart): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "heading":
      return part.text.toUpperCase();
    case "lines":
      return part.lines
        .map(({ title, detail, amount }) => `${title}\n  ${detail}  ${amount}`)
        .join("\n");
    case "facts":
      return part.facts.map(({ label, value }) => `${label}: ${joinLines(value)}`).join("\n");
  }
}

function joinLines(value: string): string {
  return value.split("\n").join(", ");
}

function escapeLines(value: string): string {
  return value.split("\n").map(escape).join("<br>");
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
