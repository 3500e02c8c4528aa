import { createServer } from "node:net";

import { StartError } from "./settings.ts";

/**
 * The port to listen on: `wanted` itself, or a free one when `wanted` is 0.
 * @throws StartError when the port or the address cannot be used.
 */
export async function requirePort(host: string, wanted: number): Promise<number> {
  try {
    return await tryPort(host, wanted);
  } catch (error) {
    throw new StartError(portSentence(host, wanted, errorCode(error)));
  }
}

/** `wanted` if it is free, any free port otherwise. */
export async function preferPort(host: string, wanted: number): Promise<number> {
  try {
    return await tryPort(host, wanted);
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE" || errorCode(error) === "EACCES") return tryPort(host, 0);
    throw error;
  }
}

/** A free port besides those that somebody is going to listen on. */
export async function freePort(host: string, promised: readonly number[]): Promise<number> {
  for (;;) {
    const port = await tryPort(host, 0);
    if (!promised.includes(port)) return port;
  }
}

function portSentence(host: string, port: number, code: string): string {
  if (code === "EADDRINUSE") {
    return `Port ${String(port)} is taken. Stop the program that uses it, or choose another: PORT=${String(port + 10)} npm start.`;
  }
  if (code === "EACCES") {
    return `Port ${String(port)} may not be used without more rights. Choose one above 1023: PORT=3000 npm start.`;
  }
  return `This machine has no address ${host} (${code}). Set HOST to one it has, for example 127.0.0.1.`;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function tryPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const actual = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(actual));
    });
  });
}
