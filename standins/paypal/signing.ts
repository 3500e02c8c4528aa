import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from "node:crypto";
import { crc32 } from "node:zlib";

import { selfSignedCertificate } from "./certificate.ts";
import type { Ledger } from "./ledger.ts";

export const AUTH_ALGORITHM = "SHA256withRSA";

const CERTIFICATE_YEARS = 10;

export const CERTIFICATE_FOLDER = "/v1/notifications/certs/";

interface Identity {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly certificate: X509Certificate;
}

interface SignedFields {
  readonly transmissionId: string;
  readonly transmissionTime: string;
  readonly webhookId: string;
  /** The bytes of the event exactly as they were sent. */
  readonly body: string | Buffer;
}

/**
 * Signs webhooks as PayPal does: RSA-SHA256 over `id|time|webhookId|crc32(body)`, the checksum in
 * decimal (developer.paypal.com/api/rest/webhooks/rest, "Self verification method").
 */
export class WebhookSigner {
  readonly #ledger: Ledger;
  #identity: Identity | null = null;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get certificatePem(): string {
    return this.#requireIdentity().certificatePem;
  }

  /** Path on which the certificate is served; it begins with {@link CERTIFICATE_FOLDER}. */
  get certificatePath(): string {
    const { serialNumber } = this.#requireIdentity().certificate;
    return `${CERTIFICATE_FOLDER}CERT-${serialNumber.toLowerCase()}`;
  }

  /** Base64. */
  sign(fields: SignedFields): string {
    return sign("sha256", message(fields), this.#requireIdentity().privateKeyPem).toString(
      "base64",
    );
  }

  verify(fields: SignedFields, signature: string): boolean {
    const { publicKey } = this.#requireIdentity().certificate;
    return verify("sha256", message(fields), publicKey, Buffer.from(signature, "base64"));
  }

  /** Made at the first use, because a key takes a while, and kept in the ledger. */
  #requireIdentity(): Identity {
    if (this.#identity !== null) return this.#identity;
    const { secrets } = this.#ledger;
    const privateKeyPem = secrets.find("webhook-key")?.value ?? newPrivateKey();
    const certificatePem =
      secrets.find("webhook-certificate")?.value ?? newCertificate(privateKeyPem, Date.now());
    secrets.put({ name: "webhook-key", value: privateKeyPem });
    secrets.put({ name: "webhook-certificate", value: certificatePem });
    const certificate = new X509Certificate(certificatePem);
    this.#identity = { privateKeyPem, certificatePem, certificate };
    return this.#identity;
  }
}

function message(fields: SignedFields): Buffer {
  const checksum = crc32(fields.body);
  return Buffer.from(
    `${fields.transmissionId}|${fields.transmissionTime}|${fields.webhookId}|${checksum}`,
  );
}

function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function newCertificate(privateKeyPem: string, now: number): string {
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + CERTIFICATE_YEARS);
  return selfSignedCertificate({
    privateKey: createPrivateKey(privateKeyPem),
    commonName: "messageverificationcerts.paypal.com (local stand-in)",
    serial: randomBytes(8),
    notBefore: new Date(now - 60_000),
    notAfter,
  });
}
