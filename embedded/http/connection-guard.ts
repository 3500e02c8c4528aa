import type { Server } from "node:http";
import type { Socket } from "node:net";

import { isLoopback, networkOf } from "../lib/client-address.ts";
import type { TrafficLimits } from "../lib/traffic-limits.ts";

/**
 * Bounds the connections of one address, before anything is read from them, and answers what is not
 * HTTP with the API's own errors.
 */
export function guardConnections(
  server: Server,
  { connectionsPerAddress, loopback }: Pick<TrafficLimits, "connectionsPerAddress" | "loopback">,
): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress?.replace(/^::ffff:/, "");
    if (address === undefined || (loopback === 0 && isLoopback(address))) return;
    const key = networkOf(address);
    const count = (open.get(key) ?? 0) + 1;
    if (count > connectionsPerAddress) {
      socket.destroy();
      return;
    }
    open.set(key, count);
    socket.once("close", () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
  server.on("clientError", (error: Error & { readonly code?: string }, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") socket.destroy();
    else socket.end(refusal(error.code), () => socket.destroy());
  });
}

/** Codes of Node's HTTP parser (llhttp) and timeouts. */
function refusal(errorCode: string | undefined): string {
  switch (errorCode) {
    case "HPE_HEADER_OVERFLOW":
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return answer("431 Request Header Fields Too Large", "HeadersTooLarge", "too large headers");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return answer(
        "408 Request Timeout",
        "RequestTimeout",
        "a request that did not arrive in time",
      );
    default:
      return answer("400 Bad Request", "BadRequest", "something that is not HTTP");
  }
}

function answer(status: string, code: string, what: string): string {
  const body = JSON.stringify({ code, message: `The server received ${what}.` });
  return (
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
