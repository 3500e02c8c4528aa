import { randomBytes } from "node:crypto";

import * as z from "zod";

import {
  isCrossOrigin,
  json,
  listen,
  redirect,
  type HttpReply,
  type HttpRequest,
} from "../http.ts";
import { assertLoopbackUrl } from "../loopback.ts";
import { PayPalApi } from "./api.ts";
import { NotPossible, PaymentActions } from "./buyer.ts";
import { Contract } from "./contract.ts";
import { answerControl, control, type ControlParts } from "./control.ts";
import { openLedger, type Ledger } from "./ledger.ts";
import { OAuth } from "./oauth.ts";
import { paypalOperations } from "./operations.ts";
import { Orders } from "./orders.ts";
import { decideCheckout, showCheckout, showOpening } from "./pages/checkout.ts";
import { showOverview } from "./pages/overview.ts";
import { Refunds } from "./refunds.ts";
import { Resources } from "./resources.ts";
import { sdkScript } from "./sdk/script.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { CERTIFICATE_FOLDER, WebhookSigner } from "./signing.ts";
import { Webhooks } from "./webhooks.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const SDK_VERSION = "6.0.0";
const SDK_PATHS = new Set(["/web-sdk/v6/core", "/standin.js"]);
/** Compiled once per process; the documents do not change. */
const contract = new Contract();
const MERCHANT = { email: "merchant@example.com", name: "The shop" };

export interface PayPalStandinOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** A loopback address. */
  readonly host: string;
  /** Address in links, if it is not the one listened on; a loopback address too. */
  readonly publicUrl?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** 13 characters of `2-9A-HJ-NP-Z`, as PayPal's account ids. */
  readonly merchantId: string;
  /** `null` sends no webhooks. */
  readonly webhookUrl: string | null;
  readonly webhookId: string;
  /** Keeps the state across restarts. */
  readonly dataFile?: string;
  readonly log: (line: string) => void;
}

export interface PayPalStandin {
  readonly url: string;
  close(): Promise<void>;
}

const vMerchantId = z
  .string()
  .regex(/^[2-9A-HJ-NP-Z]{13}$/, "A merchant id has 13 characters of 2-9A-HJ-NP-Z.");
const vWebhookId = z.string().regex(/^[a-zA-Z0-9]{1,50}$/, "A webhook id has letters and figures.");

/**
 * Starts a local PayPal: REST API, webhooks, JS SDK v6 and the buyer's pages.
 * @throws RangeError when an address is not a loopback address, z.ZodError for an impossible id
 */
export async function startPayPalStandin(options: PayPalStandinOptions): Promise<PayPalStandin> {
  if (options.publicUrl !== undefined) assertLoopbackUrl(options.publicUrl);
  const standin = new Standin(options);
  const server = await listen({ ...options, maxBodyBytes: MAX_BODY_BYTES }, (request) =>
    standin.answer(request),
  );
  standin.open(server.url);
  return {
    url: server.url,
    close: async () => {
      standin.close();
      await server.close();
    },
  };
}

/** All parts of the stand-in, and which of them answers which address. */
class Standin {
  readonly #options: PayPalStandinOptions;
  readonly #merchant: typeof MERCHANT & { readonly merchantId: string };
  readonly #ledger: Ledger;
  readonly #signer: WebhookSigner;
  readonly #webhooks: Webhooks;
  readonly #oauth: OAuth;
  readonly #api: PayPalApi;
  readonly #actions: PaymentActions;
  readonly #settings: () => Settings;
  readonly #controls: ControlParts;
  #origin: string;

  constructor(options: PayPalStandinOptions) {
    this.#options = options;
    this.#origin = options.publicUrl ?? "";
    let current = DEFAULT_SETTINGS;
    const settings = () => current;
    const { log } = options;
    const origin = () => this.#origin;
    const webhookUrl = options.webhookUrl;
    const webhookId = vWebhookId.parse(options.webhookId);
    const merchant = { ...MERCHANT, merchantId: vMerchantId.parse(options.merchantId) };
    const ledger = openLedger(options.dataFile ?? null);
    const resources = new Resources(ledger, merchant, origin);
    const signer = new WebhookSigner(ledger);
    const webhooks = new Webhooks({
      ...{ ledger, resources, signer, settings, origin, webhookId, webhookUrl, log },
    });
    const oauth = new OAuth(options);
    const operations = paypalOperations({
      ...{ ledger, contract, resources, webhooks, signer, webhookId, webhookUrl, origin, settings },
      orders: new Orders({ ledger, contract, events: webhooks, merchantId: merchant.merchantId }),
      refunds: new Refunds({ ledger, contract, events: webhooks }),
      takeFault: (name) => {
        const fault = current[name];
        if (fault !== null) current = { ...current, [name]: null };
        return fault;
      },
    });
    const api = new PayPalApi({ contract, ledger, oauth, settings, log, operations });
    const actions = new PaymentActions(ledger, webhooks);
    const changeSettings = (change: Partial<Settings>) => {
      current = { ...current, ...change };
    };
    this.#merchant = merchant;
    this.#ledger = ledger;
    this.#signer = signer;
    this.#webhooks = webhooks;
    this.#oauth = oauth;
    this.#api = api;
    this.#actions = actions;
    this.#settings = settings;
    this.#controls = { ledger, actions, api, webhooks, settings, changeSettings };
  }

  /** `url` is where it listens. */
  open(url: string): void {
    if (this.#origin === "") this.#origin = url;
    this.#webhooks.resume();
  }

  close(): void {
    this.#webhooks.close();
  }

  async answer(request: HttpRequest): Promise<HttpReply> {
    const { path, method } = request;
    if (path === "/v1/oauth2/token" && method === "POST") {
      const lifetime = this.#settings().tokenLifetimeSeconds;
      return this.#oauth.answerTokenRequest(request, lifetime, Date.now());
    }
    if (path.startsWith(CERTIFICATE_FOLDER)) return this.#certificate(path);
    if (path.startsWith("/v1/") || path.startsWith("/v2/")) return this.#api.handle(request);
    if (SDK_PATHS.has(path) && method === "GET") return this.#sdk();
    if (method === "POST" && isCrossOrigin(request, this.#origin)) {
      return json(403, { error: "A page of another origin asked for this." });
    }
    return this.#page(request);
  }

  #certificate(path: string): HttpReply {
    if (path !== this.#signer.certificatePath)
      return json(404, { error: "There is nothing here." });
    const headers = { "content-type": "application/x-pem-file" };
    return { status: 200, headers, body: this.#signer.certificatePem };
  }

  #page(request: HttpRequest): HttpReply {
    const { path, method } = request;
    const nonce = randomBytes(16).toString("base64");
    const checkout = { ledger: this.#ledger, actions: this.#actions, merchant: this.#merchant };
    if (path.startsWith("/_standin/")) return answerControl(this.#controls, request, Date.now());
    if (path === "/checkoutnow") {
      return method === "POST"
        ? decideCheckout(checkout, request, nonce, Date.now())
        : showCheckout(checkout, request, nonce);
    }
    if (path === "/checkoutnow/opening") return showOpening(nonce);
    if (path.startsWith("/control/") && method === "POST") {
      return answerForm(this.#controls, request);
    }
    if (path !== "/") return json(404, { error: "There is nothing here." });
    const message = request.query.get("message");
    const { webhookUrl } = this.#options;
    const view = { ledger: this.#ledger, settings: this.#settings(), webhookUrl, message };
    return showOverview({ ...view, calls: this.#api.calls }, nonce);
  }

  #sdk(): HttpReply {
    const { clientId } = this.#options;
    return {
      status: 200,
      headers: {
        "content-type": "text/javascript; charset=utf-8",
        "cross-origin-resource-policy": "cross-origin",
      },
      body: sdkScript({ origin: this.#origin, clientId, version: SDK_VERSION }),
    };
  }
}

const vNumberText = z.coerce.number();

/** A form of the overview page; what became of it is said there. */
function answerForm(controls: ControlParts, request: HttpRequest): HttpReply {
  const form = Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
  const path = request.path.slice("/control/".length);
  try {
    const body = path === "settings" ? settingsOf(form) : form;
    return control(controls, path, body, Date.now())
      ? overviewWith("Done.")
      : overviewWith("There is no such action.");
  } catch (error) {
    if (error instanceof NotPossible) return overviewWith(error.message);
    if (error instanceof z.ZodError) return overviewWith(z.prettifyError(error));
    throw error;
  }
}

function overviewWith(message: string): HttpReply {
  return redirect(`/?message=${encodeURIComponent(message)}`);
}

function settingsOf(
  form: Readonly<Record<string, string>>,
): Partial<Record<keyof Settings, unknown>> {
  return Object.fromEntries(
    Object.entries(form).map(([name, value]): [string, unknown] => {
      if (name.startsWith("next")) return [name, value === "" ? null : value];
      if (name === "webhookDrop") return [name, value === "true"];
      return [name, vNumberText.parse(value)];
    }),
  );
}
