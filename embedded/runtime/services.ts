import type { ComponentPath } from "../database/types.ts";

/** Where the bytes of stored files live. Bytes are content: a key is never written twice. */
export interface BlobStore {
  /** Stores the bytes durably and returns their new key. Bytes whose row never commits are garbage. */
  write(bytes: Uint8Array): Promise<string>;
  read(key: string): Promise<Uint8Array | null>;
  /** For `ctx.storage.store` inside a mutation, which cannot leave its turn. */
  writeSync(bytes: Uint8Array): string;
  readSync(key: string): Uint8Array | null;
}

/** Issues what `generateUploadUrl()` puts behind `?token=`: valid one hour, bound to a component. */
export interface UploadTokens {
  issue(componentPath: ComponentPath): string;
}

/** Signs the tokens of `ctx.auth.signJwt()` with the deployment's own key. */
export interface TokenSigner {
  sign(claims: Readonly<Record<string, unknown>>): string;
}

/** Milliseconds of Unix time. A parameter, so that tests can hold it still. */
export interface Clock {
  now(): number;
}

/** Facts about the deployment that functions can ask for. */
export interface DeploymentInfo {
  /** Deployment name as in admin keys, e.g. `local`. */
  readonly name: string;
  /** `CONVEX_CLOUD_URL`, without a trailing slash. */
  readonly cloudUrl: string;
  /** `CONVEX_SITE_URL`, without a trailing slash. */
  readonly siteUrl: string;
}
