import { createHmac, randomBytes } from "node:crypto";

import type { ComponentPath } from "../database/types.ts";
import { RETENTION_LIMITS } from "../lib/limits.ts";
import { ServiceError } from "../lib/service-error.ts";
import { deriveKey, isSameKey } from "./admin-key.ts";

/** Permissions to upload one file, signed so that nothing need be stored for them. */
export interface UploadTokenKeeper {
  /** A token for a file of this component, valid for one hour. */
  issue(componentPath: ComponentPath): string;
  /** @throws ServiceError of kind `unauthenticated` (`StorageTokenInvalid`, `StorageTokenExpired`). */
  verify(token: string): ComponentPath;
}

const VALIDITY_MS = RETENTION_LIMITS.uploadUrlsMs.max;

export function createUploadTokens(
  instanceSecret: string,
  now: () => number = Date.now,
): UploadTokenKeeper {
  const key = deriveKey(instanceSecret, "upload tokens");
  const sign = (payload: string) => createHmac("sha256", key).update(payload).digest("base64url");

  return {
    issue(componentPath) {
      const claims = [now() + VALIDITY_MS, componentPath, randomBytes(9).toString("base64url")];
      const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
      return `${payload}.${sign(payload)}`;
    },
    verify(token) {
      const [payload = "", signature = ""] = token.split(".");
      if (!isSameKey(signature, sign(payload))) {
        throw refused("StorageTokenInvalid", "The upload URL is not valid.");
      }
      const [expiresAt, componentPath] = JSON.parse(
        Buffer.from(payload, "base64url").toString("utf8"),
      ) as [number, ComponentPath];
      if (expiresAt <= now()) {
        throw refused("StorageTokenExpired", "The upload URL has expired; generate a new one.");
      }
      return componentPath;
    },
  };
}

function refused(code: string, message: string): ServiceError {
  return new ServiceError("unauthenticated", code, message);
}
