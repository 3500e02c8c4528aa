import { connect, type Socket } from "node:net";

const HEADER_END = Buffer.from("\r\n\r\n");
const OK = "HTTP/1.1 200";

/** One keep-alive connection that makes one call after the other, without an HTTP library. */
export class HttpCaller {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(body: Buffer): void; reject(error: Error): void } | null = null;
  #bodyStart = 0;
  /** Bytes of header and body together; 0 until the header is there. */
  #expected = 0;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("The server closed the connection.")));
  }

  static async open(port: number): Promise<HttpCaller> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new HttpCaller(socket, `127.0.0.1:${String(port)}`);
  }

  /** Resolves with the answer's body; the bytes are valid until the next call. */
  call(path: string, body: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#expected === 0) {
      const end = this.#received.indexOf(HEADER_END);
      if (end < 0) return;
      const header = this.#received.toString("latin1", 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(header)?.[1];
      if (!header.startsWith(OK) || length === undefined) {
        this.#fail(new Error(`Unexpected answer: ${this.#received.toString("utf8", 0, 400)}`));
        return;
      }
      this.#bodyStart = end + HEADER_END.length;
      this.#expected = this.#bodyStart + Number(length);
    }
    if (this.#received.length < this.#expected) return;
    const body = this.#received.subarray(this.#bodyStart, this.#expected);
    this.#received = Buffer.alloc(0);
    this.#expected = 0;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(body);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
