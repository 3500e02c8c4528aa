import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { internal } from "#convex/_generated/api.js";

import { claimDataFolder, requireDataFolder } from "./data-folder.ts";
import {
  convexCli,
  convexEnvironment,
  deployWhenChanged,
  setEnvironment,
  type Deployment,
} from "./deployment.ts";
import { callInternal } from "./internal-call.ts";
import { freePort, preferPort, requirePort } from "./ports.ts";
import { PartSupervisor, type Part, type Program } from "./processes.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { missingSteps } from "./demo-steps.ts";
import {
  readSettings,
  StartError,
  type Environment,
  type ProviderSettings,
  type Settings,
} from "./settings.ts";
import { describeSummary, type Summary } from "./summary.ts";

type Log = (line: string) => void;

/** Development reloads the pages as they are edited and leaves deploying to `convex dev`. */
export type Mode = "production" | "development";

interface Standins {
  readonly payPalUrl: string;
  readonly mailboxUrl: string;
  readonly ports: readonly number[];
  readonly ready: Promise<unknown>;
}

const LOOPBACK = "127.0.0.1";

/**
 * Starts every part of the shop, brings the deployment up to date, prints where everything is, and
 * returns when the shop has ended. Ctrl-C ends all parts; so does the end of any one of them.
 */
export async function launch(
  environment: Environment,
  log: Log,
  mode: Mode = "production",
): Promise<void> {
  const supervisor = new PartSupervisor();
  const stopRequested = new Promise<null>((resolve) => {
    process.once("SIGINT", () => resolve(null));
    process.once("SIGTERM", () => resolve(null));
  });
  let sentence: string | null;
  let giveFree = () => Promise.resolve();
  try {
    const settings = readSettings(environment);
    requireDataFolder(settings.dataFolder);
    giveFree = await claimDataFolder(settings.dataFolder);
    const started = startShop(settings, supervisor, log, mode).then((summary) => {
      console.log(describeSummary(summary).join("\n"));
      return stopRequested;
    });
    sentence = await Promise.race([started, supervisor.failed, stopRequested]);
  } catch (error) {
    sentence = error instanceof StartError ? error.message : describeUnexpected(error);
  }
  if (sentence === null) log("Stopping");
  else console.error(sentence);
  await supervisor.stop();
  await giveFree();
  process.exit(sentence === null ? 0 : 1);
}

async function startShop(
  settings: Settings,
  supervisor: PartSupervisor,
  log: Log,
  mode: Mode,
): Promise<Summary> {
  const port = await requirePort(settings.host, settings.port);
  const publicUrl = settings.publicUrl ?? addressOf(settings.host, port);
  const secrets = await loadSecrets(settings.dataFolder);
  log("Starting the shop");
  const standins = settings.isDemo
    ? await startStandins(supervisor, settings, secrets, port, publicUrl)
    : null;
  const providers = settings.providers ?? standinProviders(secrets, standins);
  const web = await startWeb(supervisor, settings, {
    port,
    publicUrl,
    secrets,
    providers,
    standins,
    mode,
  });
  const deployment = await web.deployment;
  const variables = deploymentEnvironment(settings, publicUrl, secrets, providers);
  await prepare(deployment, settings, variables, log);
  web.part.send({ type: "open" });
  await callInternal(deployment, internal.jobs.migrations.run, {});
  if (mode === "development") {
    supervisor.start(
      "Convex CLI",
      { entry: convexCli(), args: ["dev", "--tail-logs", "disable"] },
      convexEnvironment(deployment),
    );
  }
  await standins?.ready;
  if (settings.isDemo) await loadDemo(supervisor, deployment, secrets);
  const summary = {
    publicUrl,
    deployment: settings.deployment ?? { ...deployment, url: publicUrl },
    payPalUrl: standins?.payPalUrl ?? null,
    mailboxUrl: standins?.mailboxUrl ?? null,
    demoPasswords: settings.isDemo ? secrets.demoPasswords : null,
  };
  writeFileSync(join(settings.dataFolder, "running.json"), JSON.stringify(summary, null, 2), {
    mode: 0o600,
  });
  return summary;
}

/** What the deployment needs before anybody may see a page. */
async function prepare(
  deployment: Deployment,
  { deployment: elsewhere, dataFolder }: Settings,
  variables: Readonly<Record<string, string>>,
  log: Log,
): Promise<void> {
  await setEnvironment(deployment, variables);
  await deployWhenChanged(deployment, { name: elsewhere?.url ?? "embedded", dataFolder }, log);
}

/** Loading the demo takes memory that a shop does not need afterwards, so a process of its own does it. */
async function loadDemo(
  supervisor: PartSupervisor,
  deployment: Deployment,
  { demoPasswords }: Secrets,
): Promise<void> {
  if ((await missingSteps(deployment)).length === 0) return;
  await supervisor.run(
    "loading of the demo shop",
    { entry: built("scripts/load-demo.js") },
    {
      ...baseEnvironment(),
      CONVEX_URL: deployment.url,
      CONVEX_ADMIN_KEY: deployment.adminKey,
      DEMO_PASSWORDS: JSON.stringify(demoPasswords),
    },
  );
}

/** They listen where they are told to, and nobody has to wait for them meanwhile. */
async function startStandins(
  supervisor: PartSupervisor,
  settings: Settings,
  secrets: Secrets,
  port: number,
  publicUrl: string,
): Promise<Standins> {
  const payPalPort = await preferPort(LOOPBACK, port + 1);
  const mailboxPort = await preferPort(LOOPBACK, port + 2);
  const part = supervisor.start(
    "PayPal and mail stand-in",
    { entry: built("scripts/standins.js") },
    {
      ...baseEnvironment(),
      PAYPAL_STANDIN_PORT: String(payPalPort),
      RESEND_STANDIN_PORT: String(mailboxPort),
      PAYPAL_CLIENT_ID: secrets.payPalClientId,
      PAYPAL_CLIENT_SECRET: secrets.payPalClientSecret,
      PAYPAL_MERCHANT_ID: secrets.payPalMerchantId,
      PAYPAL_WEBHOOK_ID: secrets.payPalWebhookId,
      PAYPAL_WEBHOOK_URL: `${publicUrl}/http/webhooks/paypal`,
      RESEND_API_KEY: secrets.resendApiKey,
      DATA_DIR: settings.dataFolder,
    },
  );
  return {
    payPalUrl: addressOf(LOOPBACK, payPalPort),
    mailboxUrl: addressOf(LOOPBACK, mailboxPort),
    ports: [payPalPort, mailboxPort],
    ready: part.message("ready"),
  };
}

interface WebOptions {
  readonly port: number;
  readonly publicUrl: string;
  readonly secrets: Secrets;
  readonly providers: ProviderSettings;
  readonly standins: Standins | null;
  readonly mode: Mode;
}

interface Web {
  readonly part: Part;
  /** Once it answers, at an address that this process can reach, whatever the public one is. */
  readonly deployment: Promise<Deployment>;
}

/** The web process starts the embedded backend itself, because it hands its sockets over to it. */
async function startWeb(
  supervisor: PartSupervisor,
  settings: Settings,
  { port, publicUrl, secrets, providers, standins, mode }: WebOptions,
): Promise<Web> {
  const promised = [port, ...(standins?.ports ?? [])];
  const backendPort = settings.deployment === null ? await freePort(LOOPBACK, promised) : null;
  const convexUrl = settings.deployment?.url ?? addressOf(LOOPBACK, Number(backendPort));
  const part = supervisor.start("web server", webProgram(mode), {
    ...baseEnvironment(),
    NODE_ENV: mode,
    HOST: settings.host,
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    CONVEX_URL: convexUrl,
    REQUEST_CONTEXT_SECRET: secrets.requestContextSecret,
    DATA_DIR: settings.dataFolder,
    DEMO: settings.isDemo ? "1" : "0",
    PAYPAL_CLIENT_ID: providers.payPalClientId,
    PAYPAL_ENVIRONMENT:
      providers.payPalApiBase.includes("sandbox") || standins ? "sandbox" : "production",
    ...(standins === null ? {} : { PAYPAL_SDK_URL: `${standins.payPalUrl}/web-sdk/v6/core` }),
    ...(backendPort === null
      ? {}
      : {
          BACKEND_ENTRY: built("embedded/main.js"),
          BACKEND_ARGS: JSON.stringify([
            "--port",
            String(backendPort),
            "--data",
            join(settings.dataFolder, "backend"),
            "--public-url",
            publicUrl,
            ...(mode === "production" ? ["--production"] : []),
          ]),
        }),
  });
  const deployment = part
    .message("ready")
    .then(({ adminKey }) => settings.deployment ?? { url: convexUrl, adminKey: String(adminKey) });
  return { part, deployment };
}

function deploymentEnvironment(
  settings: Settings,
  publicUrl: string,
  secrets: Secrets,
  providers: ProviderSettings,
): Record<string, string> {
  return {
    SITE_URL: publicUrl,
    JWT_PRIVATE_KEY: secrets.jwtPrivateKey,
    JWKS: secrets.jwks,
    REQUEST_CONTEXT_SECRET: secrets.requestContextSecret,
    PAYPAL_API_BASE: providers.payPalApiBase,
    PAYPAL_CLIENT_ID: providers.payPalClientId,
    PAYPAL_CLIENT_SECRET: providers.payPalClientSecret,
    PAYPAL_WEBHOOK_ID: providers.payPalWebhookId,
    PAYPAL_MERCHANT_ID: providers.payPalMerchantId,
    RESEND_API_KEY: providers.resendApiKey,
    RESEND_BASE_URL: providers.resendBaseUrl,
    EMAIL_FROM: providers.emailFrom,
    DEMO: settings.isDemo ? "1" : "0",
  };
}

function addressOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}

function standinProviders(secrets: Secrets, standins: Standins | null): ProviderSettings {
  if (standins === null)
    throw new StartError("Without a demo, PayPal and Resend settings are needed.");
  return {
    payPalApiBase: standins.payPalUrl,
    payPalClientId: secrets.payPalClientId,
    payPalClientSecret: secrets.payPalClientSecret,
    payPalWebhookId: secrets.payPalWebhookId,
    payPalMerchantId: secrets.payPalMerchantId,
    resendApiKey: secrets.resendApiKey,
    resendBaseUrl: standins.mailboxUrl,
    emailFrom: "Vitrine <shop@example.com>",
  };
}

/** A part sees the settings given to it, not everything this process was started with. */
function baseEnvironment(): Environment {
  const { PATH, HOME, LANG, TMPDIR, TRUST_PROXY, LOG_LEVEL } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, LANG, TMPDIR, TRUST_PROXY, LOG_LEVEL, TZ: "UTC" }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function webProgram(mode: Mode): Program {
  return mode === "production"
    ? { entry: built("server/main.js") }
    : { entry: join(process.cwd(), "server/main.ts"), nodeArgs: ["--import", "tsx"] };
}

/** A built program; this file is itself built to build/scripts/. */
function built(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

function describeUnexpected(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
