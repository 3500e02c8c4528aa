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
  readonly certificatePem: string;
  /** Path on which the certificate is served. */
  readonly certificatePath: string;
  readonly #privateKeyPem: string;

  constructor(ledger: Ledger, now: number) {
    const stored = ledger.secrets.find("webhook-key");
    this.#privateKeyPem = stored?.value ?? newPrivateKey();
    this.certificatePem =
      ledger.secrets.find("webhook-certificate")?.value ?? newCertificate(this.#privateKeyPem, now);
    ledger.secrets.put({ name: "webhook-key", value: this.#privateKeyPem });
    ledger.secrets.put({ name: "webhook-certificate", value: this.certificatePem });
    const { serialNumber } = new X509Certificate(this.certificatePem);
    this.certificatePath = `/v1/notifications/certs/CERT-${serialNumber.toLowerCase()}`;
  }

  /** Base64. */
  sign(fields: SignedFields): string {
    return sign("sha256", message(fields), this.#privateKeyPem).toString("base64");
  }

  verify(fields: SignedFields, signature: string): boolean {
    const { publicKey } = new X509Certificate(this.certificatePem);
    return verify("sha256", message(fields), publicKey, Buffer.from(signature, "base64"));
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
