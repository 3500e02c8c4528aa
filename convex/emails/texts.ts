/** The words of the mails about orders, in English. */
export const orderTexts = {
  orderConfirmation: {
    subject: (number: string, shop: string) => `Your order ${number} at ${shop}`,
    preview: "Thank you. Here is what you ordered.",
    title: (name: string) => `Thank you, ${name}`,
    body: (number: string, date: string) =>
      `We have your order ${number} of ${date}. You can follow it live on its page.`,
  },
  paymentReceived: {
    subject: (number: string) => `Payment received for order ${number}`,
    preview: "We start packing.",
    title: (name: string) => `Your payment has arrived, ${name}`,
    body: (amount: string, number: string) =>
      `We have received ${amount} for order ${number} and start packing.`,
  },
  shipped: {
    subject: (number: string) => `Order ${number} is on its way`,
    preview: "Your parcel has left us.",
    title: (name: string) => `On its way to you, ${name}`,
    body: (number: string) => `We have handed order ${number} to the carrier.`,
  },
  delivered: {
    subject: (number: string) => `Order ${number} was delivered`,
    preview: "Your parcel has arrived.",
    title: (name: string) => `Delivered, ${name}`,
    body: (number: string) =>
      `The carrier says that order ${number} has arrived. If something is not right, tell us.`,
  },
  cancelled: {
    subject: (number: string) => `Order ${number} was cancelled`,
    preview: "Your order was cancelled.",
    title: (name: string) => `Your order was cancelled, ${name}`,
    body: (number: string) => `Order ${number} was cancelled and will not be sent.`,
    nothingCharged: "Nothing was charged.",
    refund: (amount: string) =>
      `We are giving back ${amount} by the way you paid. It can take a few days to show.`,
  },
  refunded: {
    subject: (number: string) => `Refund for order ${number}`,
    preview: "Money is on its way back to you.",
    title: (name: string) => `Your refund, ${name}`,
    body: (amount: string, number: string) =>
      `We have given back ${amount} for order ${number} by the way you paid.`,
    when: "It can take a few days to show on your account.",
  },
  transfer: {
    intro: (date: string) => `Please transfer the amount by ${date}. We keep the goods until then.`,
    holder: "Account holder",
    iban: "IBAN",
    bic: "BIC",
    bank: "Bank",
    amount: "Amount",
    purpose: "Reference",
  },
  paymentWaiting:
    "PayPal is still checking the payment. We send the order as soon as it is confirmed.",
  items: "What you ordered",
  quantity: (count: number) => (count === 1 ? "1 piece" : `${count} pieces`),
  subtotal: "Items",
  discount: "Discount",
  delivery: "Delivery",
  free: "Free",
  total: "Total",
  taxIncluded: "VAT included",
  deliverTo: "Delivery",
  address: "Deliver to",
  deliveryTime: (min: number, max: number) =>
    min === max ? `${min} working ${min === 1 ? "day" : "days"}` : `${min} to ${max} working days`,
  carrier: "Carrier",
  trackingNumber: "Tracking number",
  follow: "Follow the order",
} as const;
