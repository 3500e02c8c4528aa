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
import { preferPort, requirePort } from "./ports.ts";
import { PartSupervisor, type Program } from "./processes.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { seedDemo } from "./seed.ts";
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
}

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
  const standins = settings.isDemo
    ? await startStandins(supervisor, settings, secrets, port, publicUrl, log)
    : null;
  const providers = settings.providers ?? standinProviders(secrets, standins);

  log("Starting the backend and the web server");
  const deployment = await startWeb(supervisor, settings, {
    port,
    publicUrl,
    secrets,
    providers,
    standins,
    mode,
  });
  await setEnvironment(deployment, deploymentEnvironment(settings, publicUrl, secrets, providers));
  const { dataFolder } = settings;
  await deployWhenChanged(
    deployment,
    { name: settings.deployment?.url ?? "embedded", dataFolder },
    log,
  );
  await callInternal(deployment, internal.jobs.migrations.run, {});
  if (mode === "development") {
    supervisor.start(
      "Convex CLI",
      { entry: convexCli(), args: ["dev", "--tail-logs", "disable"] },
      convexEnvironment(deployment),
    );
  }
  if (settings.isDemo) {
    await seedDemo({ ...deployment, passwords: secrets.demoPasswords, log });
  }
  const summary = {
    publicUrl,
    deployment: settings.deployment ?? { ...deployment, url: publicUrl },
    payPalUrl: standins?.payPalUrl ?? null,
    mailboxUrl: standins?.mailboxUrl ?? null,
    demoPasswords: settings.isDemo ? secrets.demoPasswords : null,
  };
  writeFileSync(join(dataFolder, "running.json"), JSON.stringify(summary, null, 2), {
    mode: 0o600,
  });
  return summary;
}

async function startStandins(
  supervisor: PartSupervisor,
  settings: Settings,
  secrets: Secrets,
  port: number,
  publicUrl: string,
  log: Log,
): Promise<Standins> {
  log("Starting the local PayPal and the mailbox");
  const part = supervisor.start(
    "PayPal and mail stand-in",
    { entry: built("scripts/standins.js") },
    {
      ...baseEnvironment(),
      PAYPAL_STANDIN_PORT: String(await preferPort("127.0.0.1", port + 1)),
      RESEND_STANDIN_PORT: String(await preferPort("127.0.0.1", port + 2)),
      PAYPAL_CLIENT_ID: secrets.payPalClientId,
      PAYPAL_CLIENT_SECRET: secrets.payPalClientSecret,
      PAYPAL_MERCHANT_ID: secrets.payPalMerchantId,
      PAYPAL_WEBHOOK_ID: secrets.payPalWebhookId,
      PAYPAL_WEBHOOK_URL: `${publicUrl}/http/webhooks/paypal`,
      RESEND_API_KEY: secrets.resendApiKey,
      DATA_DIR: settings.dataFolder,
    },
  );
  const ready = await part.message("ready");
  return { payPalUrl: String(ready["payPalUrl"]), mailboxUrl: String(ready["resendUrl"]) };
}

interface WebOptions {
  readonly port: number;
  readonly publicUrl: string;
  readonly secrets: Secrets;
  readonly providers: ProviderSettings;
  readonly standins: Standins | null;
  readonly mode: Mode;
}

/**
 * The web process starts the embedded backend itself, because it hands its sockets over to it.
 * @returns the deployment at an address that this process can reach, whatever the public one is.
 */
async function startWeb(
  supervisor: PartSupervisor,
  settings: Settings,
  { port, publicUrl, secrets, providers, standins, mode }: WebOptions,
): Promise<Deployment> {
  const backendPort = settings.deployment === null ? await preferPort("127.0.0.1", 0) : null;
  const convexUrl = settings.deployment?.url ?? `http://127.0.0.1:${String(backendPort)}`;
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
  const ready = await part.message("ready");
  return settings.deployment ?? { url: convexUrl, adminKey: String(ready["adminKey"]) };
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
