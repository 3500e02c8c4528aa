import { readFileSync } from "node:fs";
import { request } from "node:http";

import { ConvexHttpClient } from "convex/browser";

import { api } from "#convex/_generated/api.js";
import { DEMO_ACCOUNTS } from "#scripts/summary.ts";
import { findVariant } from "#tests/support/api-shopper.ts";
import { startShop, type StartedShop } from "#tests/support/running-shop.ts";

import { anonymousMemory, processorTime, readProcess } from "./child-process.ts";
import type { PageChange } from "./page-requests.ts";
import type { ShopData } from "./shop-data.ts";

/** A shop as `npm start` runs it, with somebody signed in. */
export interface BenchShop {
  readonly data: ShopData;
  readonly port: number;
  /** Cookies of a customer. */
  readonly customer: string;
  /** A change of stock that the home page shows. */
  readonly homeChange: PageChange;
  readonly web: ServerProcess;
  readonly backend: ServerProcess;
  readonly stop: () => Promise<void>;
}

export interface ServerProcess {
  /** Anonymous memory in bytes. */
  readonly memory: () => number;
  /** Processor time used so far, in milliseconds. */
  readonly processorMs: () => number;
}

export async function openBenchShop(data: ShopData): Promise<BenchShop> {
  const shop = await startShop(data.folder, { DEMO: "1" });
  try {
    const { demoPasswords: passwords } = shop;
    const customer = await signIn(shop, DEMO_ACCOUNTS.client, passwords.client);
    const manager = await signIn(shop, DEMO_ACCOUNTS.manager, passwords.manager);
    return {
      data,
      port: Number(new URL(shop.publicUrl).port),
      customer,
      homeChange: await changeOfHome(shop, manager),
      ...serverProcesses(shop),
      stop: async () => {
        await shop.stop();
      },
    };
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

/** Fills in the form as a browser does; returns the cookies. */
async function signIn(
  { publicUrl }: StartedShop,
  email: string,
  password: string,
): Promise<string> {
  const body = new URLSearchParams({ email, password, keep: "on", redirectTo: "/" }).toString();
  const { status, cookies } = await send(`${publicUrl}/sign-in`, {
    method: "POST",
    headers: { Origin: publicUrl, "Content-Type": "application/x-www-form-urlencoded" },
    body,
  });
  if (status === 302 && cookies.length > 0) return cookies.join("; ");
  throw new Error(`Signing in as ${email} was answered with status ${String(status)}.`);
}

async function changeOfHome(
  { publicUrl, deployment }: StartedShop,
  manager: string,
): Promise<PageChange> {
  const client = new ConvexHttpClient(deployment.url, { logger: false });
  const { hero } = await client.query(api.shop.home.get, {});
  const { id: variantId } = await findVariant(client, hero?.tiles[0]?.slug ?? "");
  const answer = await send(`${publicUrl}/resources/convex-token`, {
    method: "POST",
    headers: { Origin: publicUrl, Cookie: manager, "Content-Type": FORM },
    body: "",
  });
  const { token } = JSON.parse(answer.body) as { readonly token: string };
  const args = [{ variantId, delta: 1, reason: "Counted" }];
  const body = JSON.stringify({ path: "admin/products:adjustStock", format: "json", args });
  return { path: "/api/mutation", body, token };
}

const FORM = "application/x-www-form-urlencoded";

/** The web server, which the launcher started, and the backend, which the web server started. */
function serverProcesses({ launcher }: StartedShop): Pick<BenchShop, "web" | "backend"> {
  const web = childRunning(launcher.pid ?? 0, "server/main.js");
  const backend = childRunning(web, "embedded/main.js");
  return { web: serverProcess(web), backend: serverProcess(backend) };
}

function serverProcess(pid: number): ServerProcess {
  return { memory: () => anonymousMemory(pid), processorMs: () => processorTime(pid) };
}

function childRunning(parent: number, entry: string): number {
  const runs = (pid: number) => readProcess(pid, "cmdline")?.includes(entry) === true;
  const child = childrenOf(parent).find(runs);
  if (child === undefined) throw new Error(`The shop has no process that runs ${entry}.`);
  return child;
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  return readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number);
}

interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly body: string;
}

/** `fetch` would not send where a form comes from. */
function send(
  url: string,
  options: { method: string; headers: Record<string, string>; body: string },
): Promise<Answer> {
  const { method, headers, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        const cookies = (response.headers["set-cookie"] ?? []).map(
          (line) => line.split(";")[0] ?? "",
        );
        resolve({ status: response.statusCode ?? 0, cookies, body: text });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
