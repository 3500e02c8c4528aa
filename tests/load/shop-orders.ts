import type { Doc, Id } from "#convex/_generated/dataModel.js";
import { optionLabel } from "#convex/domain/catalog.ts";
import { formatOrderNumber } from "#convex/domain/orderNumber.ts";

import { orderCounts, type CountedOrder } from "./shop-order-counts.ts";
import { joined, madeName, type MadeProduct, type ProductMaker } from "./shop-products.ts";
import { idAt, mixed, tableNumberOf, type ShopSnapshot, type TableRows } from "./shop-snapshot.ts";

const FIRST_NUMBER = 100_000;
const ORDERS_OF_A_CUSTOMER = 20;
const LINES = 16;
const SPAN_MS = 3 * 365 * 24 * 60 * 60 * 1000;
/** Nothing is left to be done for them, so that no job of the shop touches them. */
const FINAL_STATES = ["delivered", "cancelled", "refunded"] as const;
/** Products that the lines of orders name. */
const SOLD_PRODUCTS = 1_000;

/**
 * Orders like those of the demo shop, of past years and of customers of their own, without timelines
 * and payments. The counts that pages for staff show are made with them.
 */
export class OrderMaker {
  readonly #snapshot: ShopSnapshot;
  readonly #templates: readonly Template[];
  readonly #count: number;
  readonly #customers: number;
  readonly #numbers: Readonly<Record<"orders" | "orderLines" | "users", number>>;
  readonly #sold: readonly MadeProduct[];
  readonly #startsAt: number;
  readonly #stepMs: number;

  constructor(snapshot: ShopSnapshot, products: ProductMaker, size: OrderedSize) {
    const [orders, lines] = [snapshot.rows("orders"), snapshot.rows("orderLines")];
    this.#snapshot = snapshot;
    this.#count = size.orders;
    this.#customers = Math.ceil(size.orders / ORDERS_OF_A_CUSTOMER);
    this.#templates = orders
      .filter(({ state }) => FINAL_STATES.some((final) => final === state))
      .map((order) => ({ order, lines: lines.filter(({ orderId }) => orderId === order._id) }));
    this.#numbers = {
      orders: tableNumberOf(orders[0]),
      orderLines: tableNumberOf(lines[0]),
      users: tableNumberOf(snapshot.rows("users")[0]),
    };
    const sold = Math.min(SOLD_PRODUCTS, size.products);
    const step = Math.max(1, Math.floor(size.products / sold));
    this.#sold = Array.from({ length: sold }, (_, index) => products.make(index * step));
    const firstPlacedAt = Math.min(...orders.map(({ placedAt }) => placedAt));
    this.#stepMs = Math.floor(SPAN_MS / size.orders);
    this.#startsAt = firstPlacedAt - size.orders * this.#stepMs;
  }

  /** The orders with their lines, customers and counts, and the demo's own, as tables. */
  tables(): TableRows[] {
    const snapshot = this.#snapshot;
    return [
      {
        folder: "users",
        rows: joined(snapshot.rows("users"), this.#customers, (n) => [this.#customer(n)]),
      },
      {
        folder: "orders",
        rows: joined(snapshot.rows("orders"), this.#count, (n) => [this.#order(n)]),
      },
      {
        folder: "orderLines",
        rows: joined(snapshot.rows("orderLines"), this.#count, (n) => this.#lines(n)),
      },
      {
        folder: "counters",
        rows: snapshot
          .rows("counters")
          .map((row) => ({ ...row, value: Math.max(row.value, FIRST_NUMBER + this.#count) })),
      },
      ...orderCounts(snapshot, {
        count: this.#count,
        states: this.#templates.map(({ order }) => order.state),
        orderAt: (position) => this.#counted(position),
      }),
    ];
  }

  #customer(position: number): Doc<"users"> {
    const firstName = madeName(position);
    const lastName = madeName(position + 500_000);
    const registeredAt = this.#startsAt;
    return {
      ...{ _id: this.#customerId(position), _creationTime: registeredAt, registeredAt },
      ...{ kind: "account", role: "client", firstName, lastName, phone: null },
      email: `${firstName}.${lastName}.${String(position)}@example.com`.toLowerCase(),
      ...{ emailVerifiedAt: null, deactivatedAt: null, mergedIntoUserId: null },
    };
  }

  #order(position: number): Doc<"orders"> {
    const { order } = this.#template(position);
    const customer = this.#customer(mixed(position, 10) % this.#customers);
    const name = `${customer.firstName} ${customer.lastName}`;
    const contact = { name, email: customer.email ?? "", phone: null };
    const number = formatOrderNumber(FIRST_NUMBER + position);
    const placedAt = this.#placedAt(position);
    const { city } = order.address;
    return {
      ...order,
      ...{ _id: this.#orderId(position), _creationTime: placedAt, placedAt, number, contact },
      ...{ payableUntil: placedAt, userId: customer._id },
      address: { ...order.address, name },
      searchText: [number, name, contact.email, name, city].join(" "),
    };
  }

  #lines(position: number): Doc<"orderLines">[] {
    return this.#template(position).lines.map((line, index) => {
      const at = position * LINES + index;
      const { product, variants } = this.#soldAt(mixed(at, 11));
      const variant = variants[mixed(at, 12) % variants.length];
      return {
        ...line,
        ...{
          _id: idAt<"orderLines">(this.#numbers.orderLines, at),
          orderId: this.#orderId(position),
        },
        ...{ _creationTime: this.#placedAt(position), productId: product._id },
        ...{ productSlug: product.slug, name: product.name, picture: product.pictures[0] ?? null },
        variantId: variant?._id ?? null,
        sku: variant?.sku ?? product.sku,
        optionLabel: optionLabel(product.options, variant?.options ?? {}),
        tint: product.tint,
      };
    });
  }

  #counted(position: number): CountedOrder {
    const { total } = this.#template(position).order;
    const placedAt = this.#placedAt(position);
    return { id: this.#orderId(position), placedAt, creationTime: placedAt, amount: total.amount };
  }

  #template(position: number): Template {
    const template = this.#templates[position % this.#templates.length];
    if (template === undefined) throw new Error("The demo shop has no finished orders.");
    return template;
  }

  #soldAt(random: number): MadeProduct {
    const made = this.#sold[random % this.#sold.length];
    if (made === undefined) throw new Error("There is nothing to sell.");
    return made;
  }

  #placedAt(position: number): number {
    return this.#startsAt + position * this.#stepMs;
  }

  #orderId(position: number): Id<"orders"> {
    return idAt<"orders">(this.#numbers.orders, position);
  }

  #customerId(position: number): Id<"users"> {
    return idAt<"users">(this.#numbers.users, position);
  }
}

interface OrderedSize {
  readonly products: number;
  readonly orders: number;
}

interface Template {
  readonly order: Doc<"orders">;
  readonly lines: readonly Doc<"orderLines">[];
}
