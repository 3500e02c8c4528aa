export interface SdkConfig {
  /** Where the stand-in is, for the approval page. */
  readonly origin: string;
  readonly clientId: string;
  readonly version: string;
}

/**
 * The browser's side of PayPal's JS SDK v6, for one-time PayPal payments. It is sent to the browser as
 * its own source text (see `script.ts`), so it must not refer to anything outside its body.
 *
 * Shapes follow the types of `@paypal/paypal-js` 11 (`types/v6`): `createInstance`, a session's
 * `start`, `cancel`, `destroy`, `hasReturned` and `resume`, and the `paypal-button` element.
 */
// eslint-disable-next-line max-lines-per-function -- it holds a whole module, of small functions
export function installPayPalSdk(config: SdkConfig): void {
  type PresentationMode = "auto" | "popup" | "modal" | "redirect";
  type SessionState = "approved" | "canceled" | "error";

  interface StartOptions {
    presentationMode?: string;
    fullPageOverlay?: { enabled: boolean };
    autoRedirect?: { enabled: boolean };
  }

  interface SessionOptions {
    orderId?: string;
    onApprove: (data: {
      orderId: string;
      payerId: string;
      fundingSource: string;
    }) => Promise<void> | void;
    onCancel?: (data: { orderId?: string }) => void;
    onComplete?: (data: { paymentSessionState: SessionState }) => void;
    onError?: (error: Error) => void;
  }

  interface CreatedOrder {
    orderId: string;
  }

  interface Outcome {
    state: "approved" | "canceled";
    payerId: string;
  }

  /** The window or frame that shows the approval page. */
  interface Presentation {
    readonly isInPage: boolean;
    show(url: string): void;
    isClosed(): boolean;
    isSource(source: MessageEventSource | null): boolean;
    close(): void;
  }

  class SdkError extends Error {
    readonly code: string;
    readonly isRecoverable: boolean;

    constructor(code: string, message: string, isRecoverable = false) {
      super(message);
      this.name = "PayPalError";
      this.code = code;
      this.isRecoverable = isRecoverable;
    }
  }

  const KNOWN_COMPONENTS = [
    "paypal-payments",
    "paypal-guest-payments",
    "paypal-messages",
    "paypal-subscriptions",
    "venmo-payments",
    "paypal-legacy-billing-agreements",
    "card-fields",
    "applepay-payments",
    "googlepay-payments",
  ];
  const PRESENTATION_MODES = ["auto", "popup", "modal", "redirect"];
  const CLOSED_POLL_MS = 200;
  const CANCELED: Outcome = { state: "canceled", payerId: "" };

  function createInstance(options: Record<string, unknown>): Promise<unknown> {
    try {
      return Promise.resolve(newInstance(options));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function newInstance(options: Record<string, unknown>) {
    const { clientId, clientToken, components } = options;
    if ((clientId === undefined) === (clientToken === undefined)) {
      throw new SdkError("ERR_INVALID_CREDENTIALS", "Pass either clientId or clientToken.");
    }
    if (clientId !== undefined && clientId !== config.clientId) {
      throw new SdkError("ERR_INVALID_CLIENT_ID", "The clientId is not known here.");
    }
    if (!Array.isArray(components) || components.length === 0) {
      throw new SdkError("ERR_INVALID_COMPONENTS", "Pass a list of components.");
    }
    const names: string[] = components.map(String);
    const unknown = names.find((name) => !KNOWN_COMPONENTS.includes(name));
    if (unknown !== undefined) {
      throw new SdkError("ERR_INVALID_COMPONENTS", `There is no component ${unknown}.`);
    }
    const base = {
      findEligibleMethods: () => Promise.resolve(eligibility(["paypal"])),
      hydrateEligibleMethods: (response: { eligible_methods?: object } | undefined) =>
        eligibility(Object.keys(response?.eligible_methods ?? {})),
      updateLocale: (locale: string) => {
        Intl.getCanonicalLocales(locale);
      },
    };
    return components.includes("paypal-payments")
      ? { ...base, createPayPalOneTimePaymentSession: newSession }
      : base;
  }

  function eligibility(methods: readonly string[]) {
    return {
      isEligible: (method: string) => method === "paypal" && methods.includes("paypal"),
      getDetails: () => ({ canBeVaulted: false }),
    };
  }

  function newSession(options: SessionOptions) {
    if (typeof options.onApprove !== "function") {
      throw new SdkError("ERR_MISSING_ON_APPROVE", "A session needs onApprove.");
    }
    const session = new Session(options);
    return {
      start: (startOptions?: StartOptions, order?: Promise<CreatedOrder>) =>
        session.start(startOptions, order),
      cancel: () => session.finish(CANCELED),
      destroy: () => session.destroy(),
      hasReturned: () => new URLSearchParams(location.search).has("token"),
      resume: () => session.resume(),
    };
  }

  class Session {
    readonly #options: SessionOptions;
    #isDestroyed = false;
    /** Ends what is under way; null while nothing is. */
    #finish: ((outcome: Outcome | null) => void) | null = null;

    constructor(options: SessionOptions) {
      this.#options = options;
    }

    finish(outcome: Outcome | null): void {
      this.#finish?.(outcome);
    }

    destroy(): void {
      this.#isDestroyed = true;
      this.finish(null);
    }

    async start(
      startOptions: StartOptions = { presentationMode: "auto" },
      order?: Promise<CreatedOrder>,
    ): Promise<unknown> {
      // A promise that fails before anything waits for it must not count as unhandled.
      order?.catch(() => undefined);
      if (this.#isDestroyed) {
        throw new SdkError("ERR_SESSION_DESTROYED", "The session was destroyed.");
      }
      if (this.#finish !== null) {
        throw new SdkError("ERR_SESSION_IN_PROGRESS", "The session is in progress.");
      }
      if (order === undefined && this.#options.orderId === undefined) {
        throw new SdkError("ERR_MISSING_ORDER", "Pass orderId, or a promise of it to start().");
      }
      const mode = modeOf(startOptions);
      if (mode === "redirect") return this.#redirect(startOptions, order);
      const presentation = present(mode);
      const isOverlaid = !presentation.isInPage && startOptions.fullPageOverlay?.enabled !== false;
      await this.#run(presentation, order, isOverlaid);
      return undefined;
    }

    async resume(): Promise<void> {
      const parameters = new URLSearchParams(location.search);
      const payerId = parameters.get("PayerID");
      const outcome: Outcome = payerId === null ? CANCELED : { state: "approved", payerId };
      try {
        await this.#report(parameters.get("token") ?? "", outcome);
      } catch (error) {
        this.#fail(error);
      }
    }

    async #run(
      presentation: Presentation,
      order: Promise<CreatedOrder> | undefined,
      isOverlaid: boolean,
    ): Promise<void> {
      let finish: (outcome: Outcome | null) => void = () => undefined;
      const finished = new Promise<Outcome | null>((resolve) => {
        finish = resolve;
      });
      this.#finish = finish;
      const overlay = isOverlaid ? showOverlay(presentation, () => finish(CANCELED)) : null;
      let orderId: string | undefined;
      const stopWatching = watch(
        presentation,
        (event) => outcomeOf(event, presentation, orderId),
        finish,
      );
      const end = () => {
        stopWatching();
        overlay?.remove();
        presentation.close();
        this.#finish = null;
      };
      try {
        orderId = await this.#orderIdOf(order);
        presentation.show(approvalUrl(orderId, {}));
        const outcome = await finished;
        end();
        if (outcome !== null) await this.#report(orderId, outcome);
      } catch (error) {
        end();
        this.#fail(error);
      }
    }

    async #redirect(
      startOptions: StartOptions,
      order: Promise<CreatedOrder> | undefined,
    ): Promise<{ redirectURL: string } | undefined> {
      const orderId = await this.#orderIdOf(order);
      const redirectURL = approvalUrl(orderId, { return: location.href });
      if (startOptions.autoRedirect?.enabled === false) return { redirectURL };
      location.assign(redirectURL);
      return undefined;
    }

    async #report(orderId: string, { state, payerId }: Outcome): Promise<void> {
      if (state === "approved") {
        await this.#options.onApprove({ orderId, payerId, fundingSource: "paypal" });
      } else this.#options.onCancel?.({ orderId });
      this.#options.onComplete?.({ paymentSessionState: state });
    }

    #fail(error: unknown): void {
      const reason = error instanceof Error ? error : new Error(String(error));
      if (this.#options.onError === undefined) throw reason;
      this.#options.onError(reason);
      this.#options.onComplete?.({ paymentSessionState: "error" });
    }

    async #orderIdOf(order: Promise<CreatedOrder> | undefined): Promise<string> {
      if (order === undefined) return this.#options.orderId ?? "";
      const created: unknown = await order;
      if (
        typeof created !== "object" ||
        created === null ||
        !("orderId" in created) ||
        typeof created.orderId !== "string"
      ) {
        throw new SdkError("ERR_INVALID_ORDER", "The order promise must give { orderId }.");
      }
      return created.orderId;
    }
  }

  /** Hears what the approval page says, and sees it closed; returns what ends that. */
  function watch(
    presentation: Presentation,
    read: (event: MessageEvent) => Outcome | null,
    finish: (outcome: Outcome) => void,
  ): () => void {
    const listen = (event: MessageEvent) => {
      const outcome = read(event);
      if (outcome !== null) finish(outcome);
    };
    window.addEventListener("message", listen);
    const poll = setInterval(() => {
      // The message of a window that closes itself is still on its way.
      if (presentation.isClosed()) setTimeout(() => finish(CANCELED), CLOSED_POLL_MS);
    }, CLOSED_POLL_MS);
    return () => {
      clearInterval(poll);
      window.removeEventListener("message", listen);
    };
  }

  function modeOf(options: StartOptions): PresentationMode {
    const mode = options.presentationMode ?? "auto";
    if (mode === "payment-handler" || mode === "direct-app-switch") {
      throw new SdkError("ERR_UNSUPPORTED_PRESENTATION_MODE", `${mode} is not available.`, true);
    }
    if (!PRESENTATION_MODES.includes(mode)) {
      throw new SdkError("ERR_INVALID_PRESENTATION_MODE", `There is no mode ${mode}.`);
    }
    return mode as PresentationMode;
  }

  function approvalUrl(orderId: string, extra: Record<string, string>): string {
    const url = new URL("/checkoutnow", config.origin);
    url.search = new URLSearchParams({
      token: orderId,
      origin: location.origin,
      ...extra,
    }).toString();
    return url.href;
  }

  function outcomeOf(
    event: MessageEvent,
    presentation: Presentation,
    orderId: string | undefined,
  ): Outcome | null {
    if (event.origin !== config.origin || !presentation.isSource(event.source)) return null;
    const data: unknown = event.data;
    if (typeof data !== "object" || data === null || !("paypalStandin" in data)) return null;
    if (!("orderId" in data) || data.orderId !== orderId) return null;
    if (data.paypalStandin === "canceled") return CANCELED;
    if (data.paypalStandin !== "approved" || !("payerId" in data)) return null;
    return { state: "approved", payerId: String(data.payerId) };
  }

  /** Opens at once, while the click still counts, and shows the order when it is there. */
  function present(mode: PresentationMode): Presentation {
    if (mode === "modal") return presentModal();
    const popup = openPopup();
    if (popup !== null) return popup;
    if (mode === "auto") return presentModal();
    throw new SdkError("ERR_DEV_UNABLE_TO_OPEN_POPUP", "The popup window was blocked.", true);
  }

  function openPopup(): Presentation | null {
    const [width, height] = [500, 760];
    const left = Math.max(0, window.screenX + (window.outerWidth - width) / 2);
    const top = Math.max(0, window.screenY + (window.outerHeight - height) / 2);
    const popup = window.open(
      `${config.origin}/checkoutnow/opening`,
      `paypal_${Date.now()}`,
      `popup,width=${width},height=${height},left=${left},top=${top}`,
    );
    if (popup === null || popup.closed) return null;
    return {
      isInPage: false,
      show: (url) => {
        popup.location.href = url;
      },
      isClosed: () => popup.closed,
      isSource: (source) => source === popup,
      close: () => popup.close(),
    };
  }

  function presentModal(): Presentation {
    const { host, root } = newLayer(
      `.frame { position: fixed; inset: 0; margin: auto; width: min(500px, 100vw); height: min(760px, 100dvh);
        border: 0; border-radius: 20px; background: Canvas; }`,
    );
    const frame = document.createElement("iframe");
    frame.className = "frame";
    frame.title = "PayPal";
    frame.src = `${config.origin}/checkoutnow/opening`;
    root.append(frame);
    return {
      isInPage: true,
      show: (url) => {
        frame.src = url;
      },
      isClosed: () => !host.isConnected,
      isSource: (source) => source === frame.contentWindow,
      close: () => host.remove(),
    };
  }

  function showOverlay(presentation: Presentation, cancel: () => void): HTMLElement {
    const { host, root } = newLayer(
      `.box { position: fixed; inset: 0; margin: auto; height: fit-content; width: min(360px, 90vw);
        text-align: center; color: #fff; font: 16px/1.5 system-ui, sans-serif; }
      button { font: inherit; min-height: 44px; padding: 8px 16px; border-radius: 10px;
        border: 1px solid #fff; background: transparent; color: #fff; cursor: pointer; }
      button:focus-visible { outline: 2px solid #fff; outline-offset: 2px; }`,
    );
    const box = document.createElement("div");
    box.className = "box";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-label", "PayPal");
    const text = document.createElement("p");
    text.textContent = "Go on in the PayPal window.";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Cancel";
    button.addEventListener("click", () => {
      presentation.close();
      cancel();
    });
    box.append(text, button);
    root.append(box);
    return host;
  }

  /** A dark layer over the page, styled so that any Content-Security-Policy allows it. */
  function newLayer(css: string): { host: HTMLElement; root: ShadowRoot } {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [
      styleSheet(
        `:host { position: fixed; inset: 0; z-index: 2147483647; background: rgb(0 0 0 / 0.72); } ${css}`,
      ),
    ];
    document.body.append(host);
    return { host, root };
  }

  function styleSheet(css: string): CSSStyleSheet {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return sheet;
  }

  const BUTTON_LABELS: Record<string, string> = {
    buynow: "Buy now with",
    checkout: "Check out with",
    donate: "Donate with",
    pay: "Pay with",
    subscribe: "Subscribe with",
  };

  class PayPalButton extends HTMLElement {
    static readonly observedAttributes = ["type", "disabled"];
    readonly #button = document.createElement("button");
    readonly #label = document.createElement("span");

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open", delegatesFocus: true });
      root.adoptedStyleSheets = [
        styleSheet(
          `:host { display: block; }
          :host([hidden]) { display: none; }
          button { width: 100%; min-height: 54px; border: 0; cursor: pointer; background: #ffc439; color: #14213d;
            border-radius: var(--paypal-button-border-radius, 10px); font: 500 16px/1.2 system-ui, sans-serif; }
          button:hover { background: #f2ba36; }
          button:disabled { cursor: not-allowed; opacity: 0.6; }
          button:focus-visible { outline: 2px solid #1f3ce6; outline-offset: 2px; }
          b { font-weight: 800; font-style: italic; color: #002991; }`,
        ),
      ];
      const name = document.createElement("b");
      name.textContent = "PayPal";
      this.#button.type = "button";
      this.#button.append(this.#label, name);
      root.append(this.#button);
    }

    get disabled(): boolean {
      return this.hasAttribute("disabled");
    }

    set disabled(value: boolean) {
      this.toggleAttribute("disabled", value);
    }

    get type(): string {
      return this.getAttribute("type") ?? "pay";
    }

    set type(value: string) {
      this.setAttribute("type", value);
    }

    connectedCallback(): void {
      this.#update();
    }

    attributeChangedCallback(): void {
      this.#update();
    }

    #update(): void {
      this.#button.disabled = this.disabled;
      this.#label.textContent = `${BUTTON_LABELS[this.type] ?? "Pay with"} `;
    }
  }

  const namespace = document.currentScript?.dataset["namespace"] ?? "paypal";
  if (customElements.get("paypal-button") === undefined) {
    customElements.define("paypal-button", PayPalButton);
  }
  if (Reflect.get(window, namespace) === undefined) {
    Reflect.set(window, namespace, { version: config.version, createInstance });
  }
}
