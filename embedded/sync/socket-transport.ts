import type { Writable } from "node:stream";

import type { WebSocket } from "ws";

import type { ByteBudget } from "../lib/byte-budget.ts";
import type { SyncTransport } from "./session.ts";

/** How long a client has to answer a close frame. */
const CLOSE_TIMEOUT_MS = 1_000;

/** A WebSocket for a session. Counts the bytes that are under way in either direction. */
export class SocketTransport implements SyncTransport {
  readonly #socket: WebSocket;
  readonly #rawSocket: Writable;
  readonly #unread: ByteBudget;
  readonly #incomplete: ByteBudget;
  #unreadBytes = 0;
  /** How many writes began and ended. */
  #written = 0;
  #ended = 0;
  /** Whom to tell when so many writes have ended. */
  readonly #unflushed: { readonly writes: number; readonly onFlushed: () => void }[] = [];
  #incompleteBytes = 0;
  #incompleteSince = 0;
  #isReleased = false;

  /**
   * The budgets are those of all sockets.
   * @param rawSocket what the WebSocket was made of, for writing whole frames.
   */
  constructor(socket: WebSocket, rawSocket: Writable, unread: ByteBudget, incomplete: ByteBudget) {
    this.#socket = socket;
    this.#rawSocket = rawSocket;
    this.#unread = unread;
    this.#incomplete = incomplete;
  }

  get bufferedBytes(): number {
    return this.#unreadBytes;
  }

  /** What came of a frame that is not complete. */
  get incompleteBytes(): number {
    return this.#incompleteBytes;
  }

  send(frame: string | Buffer, onFlushed?: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // Without compression `ws` writes each frame at once, so that frames of ours fit between its own.
    const bytes = typeof frame === "string" ? textFrame(Buffer.from(frame)) : sharedFrame(frame);
    this.#rawSocket.write(bytes, this.#onWritten);
    this.#written += 1;
    this.#countUnread();
    if (onFlushed === undefined) return;
    // Mostly the system takes a frame at once.
    if (this.#unreadBytes === 0) onFlushed();
    else this.#unflushed.push({ writes: this.#written, onFlushed });
  }

  /** A write is over; they end in the order in which they began. */
  readonly #onWritten = () => {
    this.#ended += 1;
    this.#countUnread();
    while ((this.#unflushed[0]?.writes ?? Infinity) <= this.#ended) {
      this.#unflushed.shift()?.onFlushed();
    }
  };

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
    const timeout = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS);
    timeout.unref();
    this.#socket.once("close", () => clearTimeout(timeout));
  }

  setPaused(isPaused: boolean): void {
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Bytes came from the network, before it is known what they complete. */
  received(length: number, now: number): void {
    if (this.#incompleteBytes === 0) this.#incompleteSince = now;
    this.#countIncomplete(length);
  }

  /** A message is complete. */
  completed(): void {
    this.#countIncomplete(-this.#incompleteBytes);
  }

  /** A ping or pong is complete; it may stand between the parts of a message. */
  completedControl(payload: Buffer): void {
    this.#countIncomplete(-Math.min(this.#incompleteBytes, payload.length + CONTROL_HEADER_BYTES));
  }

  /** Whether a frame has been on its way for longer than this. */
  isIncompleteFor(durationMs: number, now: number): boolean {
    return this.#incompleteBytes > 0 && now - this.#incompleteSince > durationMs;
  }

  /** Stops counting, because the socket is gone or about to go. */
  release(): void {
    this.#unread.add(-this.#unreadBytes);
    this.#unreadBytes = 0;
    this.completed();
    this.#isReleased = true;
  }

  #countUnread(): void {
    const unreadBytes = this.#rawSocket.writableLength;
    if (this.#isReleased || unreadBytes === this.#unreadBytes) return;
    this.#unread.add(unreadBytes - this.#unreadBytes);
    this.#unreadBytes = unreadBytes;
  }

  #countIncomplete(change: number): void {
    if (this.#isReleased) return;
    this.#incompleteBytes += change;
    this.#incomplete.add(change);
  }
}

/** Two bytes and the mask (RFC 6455, 5.2); control frames are never longer than 125 bytes. */
const CONTROL_HEADER_BYTES = 6;

const framesOf = new WeakMap<Buffer, Buffer>();

/** What many sockets are sent is made a frame once, and written in one piece. */
function sharedFrame(payload: Buffer): Buffer {
  let frame = framesOf.get(payload);
  if (frame === undefined) framesOf.set(payload, (frame = textFrame(payload)));
  return frame;
}

const FINAL_TEXT = 0x81;
const TWO_BYTE_LENGTH = 126;
const EIGHT_BYTE_LENGTH = 127;

/** An unmasked text frame that is a whole message (RFC 6455, 5.2). */
function textFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const lengthBytes = length < TWO_BYTE_LENGTH ? 0 : length <= 0xffff ? 2 : 8;
  const header = Buffer.alloc(2 + lengthBytes);
  header[0] = FINAL_TEXT;
  if (lengthBytes === 0) {
    header[1] = length;
  } else if (lengthBytes === 2) {
    header[1] = TWO_BYTE_LENGTH;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = EIGHT_BYTE_LENGTH;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}
