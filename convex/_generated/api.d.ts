/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as account_orders from "../account/orders.js";
import type * as account_viewer from "../account/viewer.js";
import type * as admin_orders from "../admin/orders.js";
import type * as admin_presence from "../admin/presence.js";
import type * as admin_products from "../admin/products.js";
import type * as auth from "../auth.js";
import type * as crons from "../crons.js";
import type * as domain_address from "../domain/address.js";
import type * as domain_backoff from "../domain/backoff.js";
import type * as domain_cart from "../domain/cart.js";
import type * as domain_catalog from "../domain/catalog.js";
import type * as domain_clientAddress from "../domain/clientAddress.js";
import type * as domain_commonPasswords from "../domain/commonPasswords.js";
import type * as domain_delivery from "../domain/delivery.js";
import type * as domain_demoOrder from "../domain/demoOrder.js";
import type * as domain_digest from "../domain/digest.js";
import type * as domain_emailAddress from "../domain/emailAddress.js";
import type * as domain_errors from "../domain/errors.js";
import type * as domain_hold from "../domain/hold.js";
import type * as domain_money from "../domain/money.js";
import type * as domain_order from "../domain/order.js";
import type * as domain_orderNumber from "../domain/orderNumber.js";
import type * as domain_password from "../domain/password.js";
import type * as domain_payment from "../domain/payment.js";
import type * as domain_permissions from "../domain/permissions.js";
import type * as domain_quote from "../domain/quote.js";
import type * as domain_rating from "../domain/rating.js";
import type * as domain_requestContext from "../domain/requestContext.js";
import type * as domain_searchText from "../domain/searchText.js";
import type * as domain_stock from "../domain/stock.js";
import type * as domain_transfer from "../domain/transfer.js";
import type * as emails_message from "../emails/message.js";
import type * as emails_orderMail from "../emails/orderMail.js";
import type * as emails_render from "../emails/render.js";
import type * as emails_texts from "../emails/texts.js";
import type * as http from "../http.js";
import type * as jobs_catalogue from "../jobs/catalogue.js";
import type * as jobs_demo from "../jobs/demo.js";
import type * as jobs_demoOrders from "../jobs/demoOrders.js";
import type * as jobs_holds from "../jobs/holds.js";
import type * as jobs_migrations from "../jobs/migrations.js";
import type * as jobs_outbox from "../jobs/outbox.js";
import type * as jobs_paymentSteps from "../jobs/paymentSteps.js";
import type * as jobs_payments from "../jobs/payments.js";
import type * as jobs_providers from "../jobs/providers.js";
import type * as jobs_sessions from "../jobs/sessions.js";
import type * as jobs_signIn from "../jobs/signIn.js";
import type * as jobs_sweep from "../jobs/sweep.js";
import type * as jobs_webhooks from "../jobs/webhooks.js";
import type * as lib_access from "../lib/access.js";
import type * as lib_audit from "../lib/audit.js";
import type * as lib_clientAddress from "../lib/clientAddress.js";
import type * as lib_env from "../lib/env.js";
import type * as lib_errors from "../lib/errors.js";
import type * as lib_functions from "../lib/functions.js";
import type * as lib_passwordHash from "../lib/passwordHash.js";
import type * as lib_rateLimit from "../lib/rateLimit.js";
import type * as lib_signInProviders from "../lib/signInProviders.js";
import type * as lib_viewer from "../lib/viewer.js";
import type * as model_accounts from "../model/accounts.js";
import type * as model_adminProductList from "../model/adminProductList.js";
import type * as model_adminProducts from "../model/adminProducts.js";
import type * as model_cancellations from "../model/cancellations.js";
import type * as model_cart from "../model/cart.js";
import type * as model_cartView from "../model/cartView.js";
import type * as model_catalog from "../model/catalog.js";
import type * as model_categories from "../model/categories.js";
import type * as model_checkout from "../model/checkout.js";
import type * as model_checkoutView from "../model/checkoutView.js";
import type * as model_demoCatalog from "../model/demoCatalog.js";
import type * as model_demoOrders from "../model/demoOrders.js";
import type * as model_demoShop from "../model/demoShop.js";
import type * as model_fulfilment from "../model/fulfilment.js";
import type * as model_guestMerge from "../model/guestMerge.js";
import type * as model_holds from "../model/holds.js";
import type * as model_home from "../model/home.js";
import type * as model_lapses from "../model/lapses.js";
import type * as model_manualPayments from "../model/manualPayments.js";
import type * as model_orderEvents from "../model/orderEvents.js";
import type * as model_orderMails from "../model/orderMails.js";
import type * as model_orderSearch from "../model/orderSearch.js";
import type * as model_orderTotals from "../model/orderTotals.js";
import type * as model_orderViews from "../model/orderViews.js";
import type * as model_orders from "../model/orders.js";
import type * as model_outbox from "../model/outbox.js";
import type * as model_paymentChecks from "../model/paymentChecks.js";
import type * as model_paymentRecords from "../model/paymentRecords.js";
import type * as model_paymentStart from "../model/paymentStart.js";
import type * as model_payments from "../model/payments.js";
import type * as model_pictures from "../model/pictures.js";
import type * as model_placedOrders from "../model/placedOrders.js";
import type * as model_placements from "../model/placements.js";
import type * as model_presence from "../model/presence.js";
import type * as model_purchases from "../model/purchases.js";
import type * as model_quotes from "../model/quotes.js";
import type * as model_refunds from "../model/refunds.js";
import type * as model_reviews from "../model/reviews.js";
import type * as model_settings from "../model/settings.js";
import type * as model_signIn from "../model/signIn.js";
import type * as model_sitemap from "../model/sitemap.js";
import type * as model_stock from "../model/stock.js";
import type * as model_sweeps from "../model/sweeps.js";
import type * as model_webhooks from "../model/webhooks.js";
import type * as providers_email_port from "../providers/email/port.js";
import type * as providers_email_resend from "../providers/email/resend.js";
import type * as providers_payments_bankTransfer from "../providers/payments/bankTransfer.js";
import type * as providers_payments_paypal from "../providers/payments/paypal.js";
import type * as providers_payments_paypalApi from "../providers/payments/paypalApi.js";
import type * as providers_payments_paypalFacts from "../providers/payments/paypalFacts.js";
import type * as providers_payments_paypalMoney from "../providers/payments/paypalMoney.js";
import type * as providers_payments_port from "../providers/payments/port.js";
import type * as providers_payments_registry from "../providers/payments/registry.js";
import type * as shop_cart from "../shop/cart.js";
import type * as shop_categories from "../shop/categories.js";
import type * as shop_checkout from "../shop/checkout.js";
import type * as shop_home from "../shop/home.js";
import type * as shop_payments from "../shop/payments.js";
import type * as shop_products from "../shop/products.js";
import type * as shop_reviews from "../shop/reviews.js";
import type * as shop_settings from "../shop/settings.js";
import type * as shop_sitemap from "../shop/sitemap.js";
import type * as tables_adminViews from "../tables/adminViews.js";
import type * as tables_appError from "../tables/appError.js";
import type * as tables_auth from "../tables/auth.js";
import type * as tables_cartViews from "../tables/cartViews.js";
import type * as tables_carts from "../tables/carts.js";
import type * as tables_catalog from "../tables/catalog.js";
import type * as tables_catalogViews from "../tables/catalogViews.js";
import type * as tables_checkoutViews from "../tables/checkoutViews.js";
import type * as tables_checkouts from "../tables/checkouts.js";
import type * as tables_counters from "../tables/counters.js";
import type * as tables_demo from "../tables/demo.js";
import type * as tables_demoOrders from "../tables/demoOrders.js";
import type * as tables_holds from "../tables/holds.js";
import type * as tables_homeView from "../tables/homeView.js";
import type * as tables_mailTasks from "../tables/mailTasks.js";
import type * as tables_money from "../tables/money.js";
import type * as tables_operations from "../tables/operations.js";
import type * as tables_orderViews from "../tables/orderViews.js";
import type * as tables_orders from "../tables/orders.js";
import type * as tables_outbox from "../tables/outbox.js";
import type * as tables_paymentTasks from "../tables/paymentTasks.js";
import type * as tables_payments from "../tables/payments.js";
import type * as tables_reviews from "../tables/reviews.js";
import type * as tables_settings from "../tables/settings.js";
import type * as tables_stock from "../tables/stock.js";
import type * as tables_users from "../tables/users.js";
import type * as tables_webhooks from "../tables/webhooks.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  "account/orders": typeof account_orders;
  "account/viewer": typeof account_viewer;
  "admin/orders": typeof admin_orders;
  "admin/presence": typeof admin_presence;
  "admin/products": typeof admin_products;
  auth: typeof auth;
  crons: typeof crons;
  "domain/address": typeof domain_address;
  "domain/backoff": typeof domain_backoff;
  "domain/cart": typeof domain_cart;
  "domain/catalog": typeof domain_catalog;
  "domain/clientAddress": typeof domain_clientAddress;
  "domain/commonPasswords": typeof domain_commonPasswords;
  "domain/delivery": typeof domain_delivery;
  "domain/demoOrder": typeof domain_demoOrder;
  "domain/digest": typeof domain_digest;
  "domain/emailAddress": typeof domain_emailAddress;
  "domain/errors": typeof domain_errors;
  "domain/hold": typeof domain_hold;
  "domain/money": typeof domain_money;
  "domain/order": typeof domain_order;
  "domain/orderNumber": typeof domain_orderNumber;
  "domain/password": typeof domain_password;
  "domain/payment": typeof domain_payment;
  "domain/permissions": typeof domain_permissions;
  "domain/quote": typeof domain_quote;
  "domain/rating": typeof domain_rating;
  "domain/requestContext": typeof domain_requestContext;
  "domain/searchText": typeof domain_searchText;
  "domain/stock": typeof domain_stock;
  "domain/transfer": typeof domain_transfer;
  "emails/message": typeof emails_message;
  "emails/orderMail": typeof emails_orderMail;
  "emails/render": typeof emails_render;
  "emails/texts": typeof emails_texts;
  http: typeof http;
  "jobs/catalogue": typeof jobs_catalogue;
  "jobs/demo": typeof jobs_demo;
  "jobs/demoOrders": typeof jobs_demoOrders;
  "jobs/holds": typeof jobs_holds;
  "jobs/migrations": typeof jobs_migrations;
  "jobs/outbox": typeof jobs_outbox;
  "jobs/paymentSteps": typeof jobs_paymentSteps;
  "jobs/payments": typeof jobs_payments;
  "jobs/providers": typeof jobs_providers;
  "jobs/sessions": typeof jobs_sessions;
  "jobs/signIn": typeof jobs_signIn;
  "jobs/sweep": typeof jobs_sweep;
  "jobs/webhooks": typeof jobs_webhooks;
  "lib/access": typeof lib_access;
  "lib/audit": typeof lib_audit;
  "lib/clientAddress": typeof lib_clientAddress;
  "lib/env": typeof lib_env;
  "lib/errors": typeof lib_errors;
  "lib/functions": typeof lib_functions;
  "lib/passwordHash": typeof lib_passwordHash;
  "lib/rateLimit": typeof lib_rateLimit;
  "lib/signInProviders": typeof lib_signInProviders;
  "lib/viewer": typeof lib_viewer;
  "model/accounts": typeof model_accounts;
  "model/adminProductList": typeof model_adminProductList;
  "model/adminProducts": typeof model_adminProducts;
  "model/cancellations": typeof model_cancellations;
  "model/cart": typeof model_cart;
  "model/cartView": typeof model_cartView;
  "model/catalog": typeof model_catalog;
  "model/categories": typeof model_categories;
  "model/checkout": typeof model_checkout;
  "model/checkoutView": typeof model_checkoutView;
  "model/demoCatalog": typeof model_demoCatalog;
  "model/demoOrders": typeof model_demoOrders;
  "model/demoShop": typeof model_demoShop;
  "model/fulfilment": typeof model_fulfilment;
  "model/guestMerge": typeof model_guestMerge;
  "model/holds": typeof model_holds;
  "model/home": typeof model_home;
  "model/lapses": typeof model_lapses;
  "model/manualPayments": typeof model_manualPayments;
  "model/orderEvents": typeof model_orderEvents;
  "model/orderMails": typeof model_orderMails;
  "model/orderSearch": typeof model_orderSearch;
  "model/orderTotals": typeof model_orderTotals;
  "model/orderViews": typeof model_orderViews;
  "model/orders": typeof model_orders;
  "model/outbox": typeof model_outbox;
  "model/paymentChecks": typeof model_paymentChecks;
  "model/paymentRecords": typeof model_paymentRecords;
  "model/paymentStart": typeof model_paymentStart;
  "model/payments": typeof model_payments;
  "model/pictures": typeof model_pictures;
  "model/placedOrders": typeof model_placedOrders;
  "model/placements": typeof model_placements;
  "model/presence": typeof model_presence;
  "model/purchases": typeof model_purchases;
  "model/quotes": typeof model_quotes;
  "model/refunds": typeof model_refunds;
  "model/reviews": typeof model_reviews;
  "model/settings": typeof model_settings;
  "model/signIn": typeof model_signIn;
  "model/sitemap": typeof model_sitemap;
  "model/stock": typeof model_stock;
  "model/sweeps": typeof model_sweeps;
  "model/webhooks": typeof model_webhooks;
  "providers/email/port": typeof providers_email_port;
  "providers/email/resend": typeof providers_email_resend;
  "providers/payments/bankTransfer": typeof providers_payments_bankTransfer;
  "providers/payments/paypal": typeof providers_payments_paypal;
  "providers/payments/paypalApi": typeof providers_payments_paypalApi;
  "providers/payments/paypalFacts": typeof providers_payments_paypalFacts;
  "providers/payments/paypalMoney": typeof providers_payments_paypalMoney;
  "providers/payments/port": typeof providers_payments_port;
  "providers/payments/registry": typeof providers_payments_registry;
  "shop/cart": typeof shop_cart;
  "shop/categories": typeof shop_categories;
  "shop/checkout": typeof shop_checkout;
  "shop/home": typeof shop_home;
  "shop/payments": typeof shop_payments;
  "shop/products": typeof shop_products;
  "shop/reviews": typeof shop_reviews;
  "shop/settings": typeof shop_settings;
  "shop/sitemap": typeof shop_sitemap;
  "tables/adminViews": typeof tables_adminViews;
  "tables/appError": typeof tables_appError;
  "tables/auth": typeof tables_auth;
  "tables/cartViews": typeof tables_cartViews;
  "tables/carts": typeof tables_carts;
  "tables/catalog": typeof tables_catalog;
  "tables/catalogViews": typeof tables_catalogViews;
  "tables/checkoutViews": typeof tables_checkoutViews;
  "tables/checkouts": typeof tables_checkouts;
  "tables/counters": typeof tables_counters;
  "tables/demo": typeof tables_demo;
  "tables/demoOrders": typeof tables_demoOrders;
  "tables/holds": typeof tables_holds;
  "tables/homeView": typeof tables_homeView;
  "tables/mailTasks": typeof tables_mailTasks;
  "tables/money": typeof tables_money;
  "tables/operations": typeof tables_operations;
  "tables/orderViews": typeof tables_orderViews;
  "tables/orders": typeof tables_orders;
  "tables/outbox": typeof tables_outbox;
  "tables/paymentTasks": typeof tables_paymentTasks;
  "tables/payments": typeof tables_payments;
  "tables/reviews": typeof tables_reviews;
  "tables/settings": typeof tables_settings;
  "tables/stock": typeof tables_stock;
  "tables/users": typeof tables_users;
  "tables/webhooks": typeof tables_webhooks;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  rateLimiter: import("@convex-dev/rate-limiter/_generated/component.js").ComponentApi<"rateLimiter">;
  orderTotals: import("@convex-dev/aggregate/_generated/component.js").ComponentApi<"orderTotals">;
  presence: import("@convex-dev/presence/_generated/component.js").ComponentApi<"presence">;
  migrations: import("@convex-dev/migrations/_generated/component.js").ComponentApi<"migrations">;
};
