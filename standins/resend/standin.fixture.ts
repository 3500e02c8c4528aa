import { Resend } from "resend";
import { onTestFinished } from "vitest";

import { startResendStandin, type ResendStandinOptions } from "./server.ts";

export const API_KEY = "re_test_key";

/** A stand-in and the official SDK pointed at it; it ends with the test. */
export async function startTestStandin(options: Partial<ResendStandinOptions> = {}) {
  const standin = await startResendStandin({
    port: 0,
    host: "127.0.0.1",
    apiKey: API_KEY,
    log: () => undefined,
    ...options,
  });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await standin.close();
  };
  onTestFinished(close);

  const steer = async (path: string, body: unknown = {}) => {
    const init = { method: "POST", body: JSON.stringify(body) };
    return (await fetch(`${standin.url}/_standin/${path}`, init)).status;
  };
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${standin.url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${API_KEY}`,
        "content-type": "application/json",
        "user-agent": "test",
        ...headers,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    return { status: response.status, headers: response.headers, body: answer };
  };
  const resend = new Resend(API_KEY, { baseUrl: standin.url });
  return { url: standin.url, resend, post, steer, close };
}

/** As the API takes it. */
export const MAIL = {
  from: "Vitrine <shop@vitrine.example>",
  to: "ada@example.com",
  subject: "Your order",
  html: "<p>Thank you</p>",
  text: "Thank you",
};
