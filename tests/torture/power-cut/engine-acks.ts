/** What clients of `recorded-engine.ts` were told, for `engine-inspection.ts` to look for. */
import type { Acknowledged } from "../sync-client.ts";

export type EngineAck =
  | { readonly kind: "serving"; readonly adminKey: string }
  | { readonly kind: "deployed" }
  | { readonly kind: "variable"; readonly value: number }
  | { readonly kind: "upload"; readonly storageId: string; readonly sha256: string }
  | MutationAck;

export type Args = Record<string, string | number>;

export interface MutationAck {
  readonly kind: "mutation";
  readonly path: string;
  readonly args: Args;
  /** As JSON. */
  readonly result: string;
  /** What it was known by on its socket, and the latest time that was shown there; `null` for HTTP. */
  readonly session:
    | (Pick<Acknowledged, "requestId" | "ts"> & {
        readonly sessionId: string;
        readonly observedTs: string;
      })
    | null;
}

export const VARIABLE = "NUMBER";
/** Everything happens in one round of the fixture. */
export const ROUND = 0;
export const ACCOUNTS = 2;
export const OPENING_BALANCE = 1_000;
