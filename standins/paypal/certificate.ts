import { createPublicKey, sign, type KeyObject } from "node:crypto";

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const NULL = 0x05;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const EXPLICIT_VERSION = 0xa0;

/** sha256WithRSAEncryption, 1.2.840.113549.1.1.11 (RFC 4055). */
const SHA256_WITH_RSA = Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]);
/** commonName, 2.5.4.3. */
const COMMON_NAME = Buffer.from([0x55, 0x04, 0x03]);

/**
 * A self-signed X.509 v3 certificate (RFC 5280) for an RSA key, as PEM. Node can read certificates
 * but not make them, and the stand-in must need no other program.
 */
export function selfSignedCertificate(options: {
  readonly privateKey: KeyObject;
  readonly commonName: string;
  readonly serial: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
}): string {
  const algorithm = der(SEQUENCE, der(OBJECT_IDENTIFIER, SHA256_WITH_RSA), der(NULL));
  const name = der(
    SEQUENCE,
    der(
      SET,
      der(
        SEQUENCE,
        der(OBJECT_IDENTIFIER, COMMON_NAME),
        der(UTF8_STRING, Buffer.from(options.commonName)),
      ),
    ),
  );
  const toBeSigned = der(
    SEQUENCE,
    der(EXPLICIT_VERSION, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, Buffer.concat([Buffer.from([0x01]), options.serial])),
    algorithm,
    name,
    der(SEQUENCE, utcTime(options.notBefore), utcTime(options.notAfter)),
    name,
    createPublicKey(options.privateKey).export({ type: "spki", format: "der" }),
  );
  const signature = sign("sha256", toBeSigned, options.privateKey);
  const certificate = der(
    SEQUENCE,
    toBeSigned,
    algorithm,
    der(BIT_STRING, Buffer.concat([Buffer.from([0]), signature])),
  );
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) octets.unshift(rest & 0xff);
  return Buffer.from([0x80 | octets.length, ...octets]);
}

function utcTime(date: Date): Buffer {
  const text = date.toISOString().replace(/^\d\d|[-:T]|\.\d{3}/g, "");
  return der(UTC_TIME, Buffer.from(text));
}
