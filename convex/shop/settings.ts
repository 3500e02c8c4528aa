import { v } from "convex/values";

import { publicQuery } from "../lib/functions.ts";
import { getSettings } from "../model/settings.ts";
import { vCurrency } from "../tables/money.ts";
import { vDeliveryMethod, vPaymentMethodId, vShopContact } from "../tables/settings.ts";

/** What every page needs to know of the shop. */
export const get = publicQuery({
  args: {},
  returns: v.object({
    shopName: v.string(),
    tagline: v.string(),
    announcement: v.union(v.string(), v.null()),
    currency: vCurrency,
    countries: v.array(v.string()),
    taxRateBasisPoints: v.number(),
    deliveryMethods: v.array(vDeliveryMethod),
    paymentMethods: v.array(vPaymentMethodId),
    lowStockThreshold: v.number(),
    contact: vShopContact,
  }),
  handler: async (ctx) => {
    const settings = await getSettings(ctx);
    const { shopName, tagline, announcement, currency, countries, contact } = settings;
    const { taxRateBasisPoints, deliveryMethods, paymentMethods, lowStockThreshold } = settings;
    return {
      ...{ shopName, tagline, announcement, currency, countries, contact },
      ...{ taxRateBasisPoints, deliveryMethods, paymentMethods, lowStockThreshold },
    };
  },
});
