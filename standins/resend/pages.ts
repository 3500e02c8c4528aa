import type { HttpReply } from "../http.ts";
import { html, Html, pageReply } from "../page.ts";
import type { Mail } from "./mailbox.ts";

const MAX_LISTED = 200;

/** `GET /`: the mails, newest first; a new one appears by itself. */
export function showMailbox(mails: readonly Mail[], nonce: string): HttpReply {
  return pageReply({
    title: "Mailbox",
    nonce,
    body: html`<main>
      <h1>Mailbox</h1>
      <p>Stand-in for Resend. What the shop sends is kept here and goes nowhere.</p>
      <p class="visually-hidden" role="status" id="news"></p>
      <div id="mails">${mailList(mails)}</div>
    </main>`,
    script: LIVE_SCRIPT,
  });
}

/** The list alone, for the page to put in place of the old one. */
export function mailList(mails: readonly Mail[]): Html {
  if (mails.length === 0) return html`<p class="quiet">No mail yet.</p>`;
  return html`<ul class="plain scroll">
    ${mails.slice(0, MAX_LISTED).map(
      (mail) =>
        html`<li>
          <a class="mail" href="/mails/${mail.id}">
            <strong>${mail.subject}</strong
            ><span class="quiet small">${dateText(mail.createdAt)}</span>
            <span class="small">To ${mail.to.join(", ")}</span
            ><span class="quiet small">${attachmentCount(mail)}</span>
          </a>
        </li>`,
    )}
  </ul>`;
}

/** `GET /mails/:id`: one mail, its HTML in a frame that can do nothing, and its text. */
export function showMail(mail: Mail, nonce: string): HttpReply {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["From", [mail.from]],
    ["To", mail.to],
    ["Cc", mail.cc],
    ["Bcc", mail.bcc],
    ["Reply to", mail.replyTo],
    ["Sent", [dateText(mail.createdAt)]],
    ["Goes out", mail.scheduledAt === null ? [] : [dateText(mail.scheduledAt)]],
    ["Tags", mail.tags.map(({ name, value }) => `${name}: ${value}`)],
    ["Headers", Object.entries(mail.headers).map(([name, value]) => `${name}: ${value}`)],
  ];
  return pageReply({
    title: mail.subject,
    nonce,
    body: html`<main>
      <p><a href="/">Back to the mailbox</a></p>
      <h1>${mail.subject}</h1>
      <dl class="head">
        ${rows.map(
          ([label, values]) =>
            values.length > 0 &&
            html`<dt>${label}</dt>
              <dd>${values.join(", ")}</dd>`,
        )}
      </dl>
      ${attachments(mail)}
      ${
        mail.html !== null &&
        html`<h2 id="html">HTML</h2>
          <iframe
            class="mail-body"
            title="The mail as HTML"
            src="/mails/${mail.id}/html"
            sandbox="allow-popups allow-popups-to-escape-sandbox"
          ></iframe>`
      }
      ${
        mail.text !== null &&
        html`<h2 id="text">Plain text</h2>
          <pre tabindex="0" aria-labelledby="text">${linked(mail.text)}</pre>`
      }
    </main>`,
  });
}

/** What the frame of a mail shows: nothing runs, nothing loads from elsewhere, links open beside. */
export function mailHtml(mail: Mail): HttpReply {
  const policy = [
    "sandbox allow-popups allow-popups-to-escape-sandbox",
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data: http://127.0.0.1:* http://localhost:*",
    "frame-ancestors 'self'",
  ];
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
    body: `<base target="_blank">${mail.html ?? ""}`,
  };
}

export function attachmentReply(attachment: Mail["attachments"][number]): HttpReply {
  return {
    status: 200,
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(attachment.filename)}`,
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
    },
    body: Buffer.from(attachment.content ?? "", "base64"),
  };
}

export function notFoundPage(nonce: string): HttpReply {
  return pageReply({
    title: "No such mail",
    nonce,
    status: 404,
    body: html`<main>
      <h1>There is no such mail</h1>
      <p><a href="/">Back to the mailbox</a></p>
    </main>`,
  });
}

function attachments(mail: Mail): Html | null {
  if (mail.attachments.length === 0) return null;
  return html`<h2>Attachments</h2>
    <ul>
      ${mail.attachments.map(
        (attachment, index) =>
          html`<li>
            ${
              attachment.content === null
                ? html`${attachment.filename} (from ${attachment.path})`
                : html`<a href="/mails/${mail.id}/attachments/${index}">${attachment.filename}</a>`
            } <span class="quiet">${attachment.contentType}</span>
          </li>`,
      )}
    </ul>`;
}

/** Text with its web addresses as links. */
function linked(text: string): Html[] {
  return text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, index) =>
      index % 2 === 1
        ? html`<a href="${part}" target="_blank" rel="noreferrer">${part}</a>`
        : html`${part}`,
    );
}

function attachmentCount(mail: Mail): string {
  const count = mail.attachments.length;
  if (count === 0) return "";
  return count === 1 ? "1 attachment" : `${count} attachments`;
}

function dateText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The list is fetched at every connection, for what was missed before it. */
const LIVE_SCRIPT = `
  const list = document.getElementById("mails");
  const news = document.getElementById("news");
  const source = new EventSource("/live");
  async function refresh() {
    const response = await fetch("/list");
    if (response.ok) list.innerHTML = await response.text();
  }
  source.addEventListener("open", refresh);
  source.addEventListener("change", async () => {
    await refresh();
    news.textContent = "The mailbox has changed.";
  });
`;
