import type { Deployment } from "./deployment.ts";

/** Where everything of a running shop is. Also written to `running.json` in the data folder. */
export interface Summary {
  readonly publicUrl: string;
  readonly deployment: Deployment;
  readonly payPalUrl: string | null;
  readonly mailboxUrl: string | null;
  readonly demoPasswords: DemoPasswords | null;
}

export interface DemoPasswords {
  readonly manager: string;
  readonly agent: string;
  readonly client: string;
}

/** One demo account of each role; the others of a role have the same password. */
export const DEMO_ACCOUNTS = {
  manager: "judith.falk@example.com",
  agent: "noor.haddad@example.com",
  client: "maren.brandt@example.com",
} as const;

/** The lines that `npm start` ends with. */
export function describeSummary(summary: Summary): string[] {
  return [
    "",
    `  The shop          ${summary.publicUrl}`,
    ...(summary.payPalUrl === null ? [] : [`  PayPal stand-in   ${summary.payPalUrl}`]),
    ...(summary.mailboxUrl === null ? [] : [`  Mailbox           ${summary.mailboxUrl}`]),
    ...describeAccounts(summary.demoPasswords),
    "",
    "  Ctrl-C ends it. All data stays in the data folder.",
    "",
  ];
}

function describeAccounts(passwords: DemoPasswords | null): string[] {
  if (passwords === null) return [];
  return [
    "",
    `  Manager           ${DEMO_ACCOUNTS.manager}   ${passwords.manager}`,
    `  Agent             ${DEMO_ACCOUNTS.agent}   ${passwords.agent}`,
    `  Customer          ${DEMO_ACCOUNTS.client}   ${passwords.client}`,
  ];
}
