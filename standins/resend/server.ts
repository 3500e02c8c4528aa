import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";

import * as z from "zod";

import { isCrossOrigin, json, listen, type HttpReply, type HttpRequest } from "../http.ts";
import { ResendApi } from "./api.ts";
import { Mailbox } from "./mailbox.ts";
import {
  attachmentReply,
  mailHtml,
  mailList,
  notFoundPage,
  showMail,
  showMailbox,
} from "./pages.ts";
import { DEFAULT_SETTINGS, vSettingsChange, type Settings } from "./settings.ts";
import { Webhooks, type WebhookTarget } from "./webhooks.ts";

/** Resend takes 40 MB per mail after Base64. */
const MAX_BODY_BYTES = 41 * 1024 * 1024;

export interface ResendStandinOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** A loopback address. */
  readonly host: string;
  readonly apiKey: string;
  readonly webhook?: WebhookTarget;
  /** Keeps the mails across restarts. */
  readonly dataFile?: string;
  readonly log: (line: string) => void;
}

export interface ResendStandin {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a local Resend with a mailbox page.
 *
 * Beside Resend's API it answers `GET /_standin/state` (`{ settings, mails }`, newest first),
 * `POST /_standin/settings` with any of {@link Settings} and `POST /_standin/reset`.
 * @throws RangeError when `host` is not a loopback address
 */
export async function startResendStandin(options: ResendStandinOptions): Promise<ResendStandin> {
  let settings = DEFAULT_SETTINGS;
  const mailbox = new Mailbox(options.dataFile ?? null);
  const webhooks = new Webhooks(options.webhook ?? null, () => settings, options.log);
  const api = new ResendApi({
    apiKey: options.apiKey,
    mailbox,
    webhooks,
    settings: () => settings,
    takeFailure: () => {
      if (settings.failures === 0) return null;
      settings = { ...settings, failures: settings.failures - 1 };
      return settings.failure;
    },
  });

  async function handle(request: HttpRequest): Promise<HttpReply> {
    const { path, method } = request;
    if (path === "/emails" || path.startsWith("/emails/")) return api.handle(request);
    if (method === "POST" && isCrossOrigin(request, server.url)) {
      return json(403, { error: "A page of another origin asked for this." });
    }
    if (path.startsWith("/_standin/")) return control(request);
    if (method !== "GET") return json(404, { error: "There is nothing here." });
    return answerPage(mailbox, path);
  }

  function control(request: HttpRequest): HttpReply {
    const command = `${request.method} ${request.path.slice("/_standin/".length)}`;
    if (command === "POST reset") {
      mailbox.clear();
      settings = DEFAULT_SETTINGS;
    } else if (command === "POST settings") {
      const change = parseSettings(request.body);
      if (typeof change === "string") return json(400, { error: change });
      settings = { ...settings, ...change };
    } else if (command !== "GET state") return json(404, { error: "There is nothing here." });
    return json(200, { settings, mails: mailbox.mails.listNewest() });
  }

  const server = await listen({ ...options, maxBodyBytes: MAX_BODY_BYTES }, handle);
  return {
    url: server.url,
    close: async () => {
      webhooks.close();
      await server.close();
    },
  };
}

function answerPage(mailbox: Mailbox, path: string): HttpReply {
  const nonce = randomBytes(16).toString("base64");
  if (path === "/") return showMailbox(mailbox.mails.listNewest(), nonce);
  if (path === "/list") {
    const headers = { "content-type": "text/html; charset=utf-8" };
    return { status: 200, headers, body: mailList(mailbox.mails.listNewest()).text };
  }
  if (path === "/live") return { status: 200, takeOver: (response) => stream(mailbox, response) };
  const [, id = "", part, index] =
    /^\/mails\/([0-9a-f-]+)(?:\/(html|attachments\/(\d+)))?$/.exec(path) ?? [];
  const mail = mailbox.mails.find(id);
  if (mail === null) return notFoundPage(nonce);
  if (part === undefined) return showMail(mail, nonce);
  if (part === "html") return mailHtml(mail);
  const attachment = mail.attachments[Number(index)];
  return attachment === undefined ? notFoundPage(nonce) : attachmentReply(attachment);
}

/** Server-sent events: one `change` for every change of the list. */
function stream(mailbox: Mailbox, response: ServerResponse): void {
  const tell = () => response.write("event: change\ndata:\n\n");
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("retry: 1000\n\n");
  mailbox.changes.on("change", tell);
  response.on("close", () => mailbox.changes.off("change", tell));
}

/** A sentence when the body is not settings. */
function parseSettings(body: Buffer): Partial<Settings> | string {
  try {
    const parsed = vSettingsChange.parse(JSON.parse(body.toString("utf8")));
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined));
  } catch (error) {
    if (error instanceof z.ZodError) return z.prettifyError(error);
    if (error instanceof SyntaxError) return "The body is not JSON.";
    throw error;
  }
}
