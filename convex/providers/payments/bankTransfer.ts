import { transferInstructions } from "../../domain/transfer.ts";
import type { ManualPayments } from "./port.ts";

/** Transfer to the shop's account; the order's number is the purpose. */
export const bankTransfer: ManualPayments = { instructions: transferInstructions };
