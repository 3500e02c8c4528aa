import type { Money } from "./money.ts";

export type BankAccount = {
  readonly holder: string;
  readonly iban: string;
  readonly bic: string;
  readonly bankName: string;
};

export type TransferInstructions = {
  holder: string;
  iban: string;
  bic: string;
  bankName: string;
  /** The reference by which the transfer is recognised. */
  purpose: string;
  amount: Money;
  /** Milliseconds; until then the goods are set aside. */
  dueAt: number;
};

/** How to pay this order by bank transfer. */
export function transferInstructions(
  account: BankAccount,
  order: { number: string; total: Money; payableUntil: number },
): TransferInstructions {
  const { holder, iban, bic, bankName } = account;
  const { number: purpose, total: amount, payableUntil: dueAt } = order;
  return { holder, iban, bic, bankName, purpose, amount, dueAt };
}
