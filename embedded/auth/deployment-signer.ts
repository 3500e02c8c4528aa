import {
  createECDH,
  createHash,
  createPrivateKey,
  hkdfSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";

/** Signs tokens in the deployment's own name. */
export interface DeploymentSigner {
  /** A compact ES256 token of these claims. */
  sign(claims: Readonly<Record<string, unknown>>): string;
  /** The public key as a JSON Web Key Set. */
  readonly keySet: { readonly keys: readonly JsonWebKey[] };
}

/** The key is derived from the instance's secret, so it stays the same over restarts and restores. */
export function createDeploymentSigner(instanceSecret: string): DeploymentSigner {
  const { privateKey, publicJwk, kid } = deriveKeyPair(instanceSecret);
  const header = encode({ alg: "ES256", typ: "JWT", kid });
  return {
    sign(claims) {
      const content = `${header}.${encode(claims)}`;
      const signature = sign("sha256", Buffer.from(content), {
        key: privateKey,
        dsaEncoding: "ieee-p1363",
      });
      return `${content}.${signature.toString("base64url")}`;
    },
    keySet: { keys: [{ ...publicJwk, kid, use: "sig", alg: "ES256" }] },
  };
}

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicJwk: JsonWebKey;
  /** The key's thumbprint (RFC 7638). */
  readonly kid: string;
}

function deriveKeyPair(instanceSecret: string): KeyPair {
  const secret = Buffer.from(instanceSecret, "hex");
  const ecdh = createECDH("prime256v1");
  for (let attempt = 0; ; attempt += 1) {
    const purpose = `convex deployment: token signing key ${attempt}`;
    const scalar = Buffer.from(hkdfSync("sha256", secret, "", purpose, 32));
    try {
      ecdh.setPrivateKey(scalar);
    } catch {
      // Of 2³² scalars about one lies outside of the curve's order.
      continue;
    }
    return keyPair(scalar, ecdh.getPublicKey());
  }
}

/** @param point uncompressed: 04, x, y. */
function keyPair(scalar: Buffer, point: Buffer): KeyPair {
  const x = point.subarray(1, 33).toString("base64url");
  const y = point.subarray(33).toString("base64url");
  const publicJwk = { kty: "EC", crv: "P-256", x, y };
  const jwk = { ...publicJwk, d: scalar.toString("base64url") };
  const members = JSON.stringify({ crv: publicJwk.crv, kty: publicJwk.kty, x, y });
  return {
    privateKey: createPrivateKey({ key: jwk, format: "jwk" }),
    publicJwk,
    kid: createHash("sha256").update(members).digest("base64url"),
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
