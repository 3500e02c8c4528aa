import { v } from "convex/values";

export const vCurrency = v.literal("EUR");

/** An integer in minor units with its currency. */
export const vMoney = v.object({ amount: v.number(), currency: vCurrency });
