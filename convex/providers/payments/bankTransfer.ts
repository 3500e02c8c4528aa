import type { ManualPayments, TransferInstructions } from "./port.ts";

export type BankAccount = Pick<TransferInstructions, "holder" | "iban" | "bic" | "bankName">;

/** Transfer to the shop's account; the order's number is the purpose. */
export function createBankTransfer(account: BankAccount): ManualPayments {
  return {
    instructions: ({ number, total, payableUntil }) => ({
      holder: account.holder,
      iban: account.iban,
      bic: account.bic,
      bankName: account.bankName,
      purpose: number,
      amount: total,
      dueAt: payableUntil,
    }),
  };
}
