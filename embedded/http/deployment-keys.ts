import type { DeploymentSigner } from "../auth/deployment-signer.ts";
import type { Exchange } from "./http-context.ts";
import { sendJson } from "./replies.ts";

export const JWKS_PATH = "/.well-known/jwks.json";

export interface DeploymentKeysContext {
  readonly tokenSigner: DeploymentSigner;
}

/** The public keys of the tokens that functions sign, for whoever wants to verify them. */
export function getDeploymentKeys(
  { response }: Exchange,
  { tokenSigner }: DeploymentKeysContext,
): void {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Cache-Control", "public, max-age=300");
  sendJson(response, tokenSigner.keySet);
}

/** Answers for `address` when it is that of the deployment's own keys, else `null`. */
export function fetchDeploymentKeys(
  address: URL,
  cloudUrl: string,
  { keySet }: DeploymentSigner,
): Promise<Response> | null {
  if (address.href !== `${cloudUrl}${JWKS_PATH}`) return null;
  return Promise.resolve(Response.json(keySet));
}
