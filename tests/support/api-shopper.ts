import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ConvexHttpClient } from "convex/browser";
import * as z from "zod";

import { api } from "#convex/_generated/api.js";
import type { Id } from "#convex/_generated/dataModel.js";
import { signRequestContext } from "#convex/domain/requestContext.ts";

import type { RunningShop } from "./running-shop.ts";

const vSecrets = z.object({ requestContextSecret: z.string() });

const CONTACT = { name: "Ada Test", email: "ada.test@example.com", phone: null };

const ADDRESS = {
  name: "Ada Test",
  line1: "Lindenweg 14",
  line2: null,
  postalCode: "50667",
  city: "Köln",
  region: null,
  country: "DE",
};

export interface Visitor {
  readonly shop: RunningShop;
  readonly client: ConvexHttpClient;
}

/** Somebody who talks to the deployment as the pages do, with the official client. */
export async function signInGuest(
  shop: RunningShop,
  dataFolder: string,
  ip: string,
): Promise<Visitor> {
  return signIn(shop, dataFolder, ip, "anonymous", {});
}

export async function signInPerson(
  shop: RunningShop,
  dataFolder: string,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<Visitor> {
  return signIn(shop, dataFolder, "192.0.2.250", "password", { flow: "signIn", email, password });
}

async function signIn(
  shop: RunningShop,
  dataFolder: string,
  ip: string,
  provider: "anonymous" | "password",
  params: Record<string, string>,
): Promise<Visitor> {
  const client = new ConvexHttpClient(shop.publicUrl, { logger: false });
  const requestContext = await signContext(dataFolder, ip);
  const result = await client.action(api.auth.signIn, {
    provider,
    params: { ...params, requestContext },
  });
  const token = result.tokens?.token;
  if (token === undefined) throw new Error("Signing in gave no token");
  client.setAuth(token);
  return { shop, client };
}

function signContext(dataFolder: string, ip: string): Promise<string> {
  const secrets = vSecrets.parse(
    JSON.parse(readFileSync(join(dataFolder, "secrets.json"), "utf8")),
  );
  return signRequestContext(
    { ip, userAgent: "tests" },
    { secret: secrets.requestContextSecret, now: Date.now() },
  );
}

/** Fills in the checkout; the next thing is `begin`. */
export async function prepareCheckout(
  { client }: Visitor,
  variantId: Id<"variants">,
  quantity = 1,
): Promise<{ readonly quoteVersion: string }> {
  await client.mutation(api.shop.cart.add, { variantId, quantity });
  await client.mutation(api.shop.checkout.setContact, CONTACT);
  await client.mutation(api.shop.checkout.setAddress, ADDRESS);
  await client.mutation(api.shop.checkout.setDelivery, { methodId: "standard" });
  const checkout = await client.query(api.shop.checkout.get, {});
  if (checkout.quote === null) throw new Error("The checkout has no quote");
  return { quoteVersion: checkout.quote.version };
}

/** Pays as a buyer who approves at PayPal; the payment's status afterwards. */
export async function payWithPayPal(
  { shop, client }: Visitor,
  paymentId: Id<"payments">,
): Promise<string> {
  const { payPalOrderId } = await client.action(api.shop.payments.createPayPalOrder, { paymentId });
  const approval = await fetch(`${shop.payPalUrl}/_standin/orders/${payPalOrderId}/approve`, {
    method: "POST",
  });
  if (!approval.ok) throw new Error(`The stand-in did not approve: ${await approval.text()}`);
  const result = await client.action(api.shop.payments.capture, { paymentId, payPalOrderId });
  return result.status;
}

/** The first variant of a product, as shoppers see it. */
export async function findVariant(
  client: ConvexHttpClient,
  slug: string,
): Promise<{ readonly id: Id<"variants">; readonly available: number }> {
  const product = await client.query(api.shop.products.get, { slug });
  if (product === null || "movedTo" in product) throw new Error(`There is no product ${slug}`);
  const variant = product.variants[0];
  if (variant === undefined) throw new Error(`${slug} has no variant`);
  return { id: variant.id, available: variant.stock.available };
}
