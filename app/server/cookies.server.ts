import { type Cookie, createCookie } from "@remix-run/node";

/**
 * The cookies of one request and of its response. What is set here is what later reads in the same
 * request see, and leaves with the response, whatever a loader or an action returns or throws.
 */
export class CookieJar {
  readonly #header: string | null;
  readonly #isSecure: boolean;
  readonly #cookies = new Map<CookieSpec<unknown>, Cookie>();
  readonly #changed = new Map<
    CookieSpec<unknown>,
    { value: unknown; maxAgeSeconds: number | null }
  >();

  constructor(header: string | null, options: { readonly isSecure: boolean }) {
    this.#header = header;
    this.#isSecure = options.isSecure;
  }

  /** The cookie's value, or null when there is none or it is not what the spec accepts. */
  async get<T>(spec: CookieSpec<T>): Promise<T | null> {
    const changed = this.#changed.get(spec);
    if (changed !== undefined) return spec.parse(changed.value);
    const raw: unknown = await this.#cookie(spec).parse(this.#header);
    return raw === null || raw === "" ? null : spec.parse(raw);
  }

  /** `maxAgeSeconds: null` lets it live until the browser closes. */
  set<T>(spec: CookieSpec<T>, value: T, maxAgeSeconds: number | null): void {
    this.#changed.set(spec, { value, maxAgeSeconds });
  }

  delete(spec: CookieSpec<unknown>): void {
    this.#changed.set(spec, { value: null, maxAgeSeconds: 0 });
  }

  /** `Set-Cookie` values for what changed. */
  async serialize(): Promise<string[]> {
    return Promise.all(
      Array.from(this.#changed, ([spec, { value, maxAgeSeconds }]) =>
        this.#cookie(spec).serialize(
          value ?? "",
          maxAgeSeconds === null ? {} : { maxAge: maxAgeSeconds },
        ),
      ),
    );
  }

  #cookie(spec: CookieSpec<unknown>): Cookie {
    let cookie = this.#cookies.get(spec);
    if (cookie === undefined) {
      cookie = createCookie(this.#isSecure ? `__Host-${spec.name}` : spec.name, {
        httpOnly: true,
        sameSite: "lax",
        path: "/",
        secure: this.#isSecure,
      });
      this.#cookies.set(spec, cookie);
    }
    return cookie;
  }
}

/** A cookie's name and how its value is recognised: anybody can send anything. */
export type CookieSpec<out T> = {
  readonly name: string;
  readonly parse: (value: unknown) => T | null;
};
