import { connect, type Socket } from "node:net";

const HEADER_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

export interface PageAnswer {
  readonly status: number;
  /** The page without chunk marks. */
  readonly body: Buffer;
  /** Bytes on the wire, header included. */
  readonly bytes: number;
}

/** One keep-alive connection that asks for one page after the other, without an HTTP library. */
export class PageCaller {
  readonly #socket: Socket;
  readonly #head: string;
  #chunks: Buffer[] = [];
  #waiting: { resolve(answer: PageAnswer): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("The server closed the connection.")));
  }

  /** @param headers lines that every request has, each with its line end. */
  static async open(port: number, headers: string): Promise<PageCaller> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new PageCaller(socket, `Host: 127.0.0.1:${String(port)}\r\n${headers}`);
  }

  get(path: string): Promise<PageAnswer> {
    return this.#send(`GET ${path} HTTP/1.1\r\n${this.#head}\r\n`);
  }

  /** Sends JSON. */
  post(path: string, body: string): Promise<PageAnswer> {
    return this.#send(
      `POST ${path} HTTP/1.1\r\n${this.#head}Content-Type: application/json\r\n` +
        `Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
    );
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #send(request: string): Promise<PageAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    // A page ends with its last chunk, anything else may have any end.
    const received = Buffer.concat(this.#chunks);
    const answer = parseAnswer(received);
    if (answer === null) {
      this.#chunks = [received];
      return;
    }
    this.#chunks = [];
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

/** `null` while something is missing. */
function parseAnswer(received: Buffer): PageAnswer | null {
  const end = received.indexOf(HEADER_END);
  if (end < 0) return null;
  const header = received.toString("latin1", 0, end);
  const start = end + HEADER_END.length;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(header)?.[1]);
  const length = /\r\ncontent-length: (\d+)/i.exec(header)?.[1];
  if (length !== undefined) {
    const last = start + Number(length);
    if (received.length < last) return null;
    return { status, body: received.subarray(start, last), bytes: last };
  }
  const body = readChunks(received, start);
  return body === null ? null : { status, body, bytes: received.length };
}

/** The body of chunked coding (RFC 9112, section 7.1), `null` until its last chunk is there. */
function readChunks(received: Buffer, start: number): Buffer | null {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = received.indexOf(LINE_END, at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(received.toString("latin1", at, lineEnd), 16);
    const first = lineEnd + LINE_END.length;
    const next = first + size + LINE_END.length;
    if (received.length < next) return null;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(received.subarray(first, first + size));
    at = next;
  }
}
