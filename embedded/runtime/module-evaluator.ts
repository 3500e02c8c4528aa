import { randomBytes } from "node:crypto";

import {
  analyzeProject,
  invalidModules,
  type AnalyzedProject,
  type ModuleEvaluator,
  type Probed,
  type PushedProject,
} from "../modules/analyze.ts";
import {
  createSnapshot,
  type CodeCache,
  type CodeSnapshot,
  type RunnableModule,
} from "../modules/code-cache.ts";
import { PLAIN_APP_MOUNT } from "../modules/component-tree.ts";
import type { ModuleProbe } from "../modules/module-probe.ts";
import { moduleHash, type PushedModule } from "../modules/module-store.ts";
import { mapStack } from "../modules/source-positions.ts";
import { ActionThread, type ThreadEnd } from "./actions/action-thread.ts";
import { FunctionError } from "./function-error.ts";
import { ENTRY_LIMIT_MS } from "./limits.ts";
import { Realm, type RealmFrame } from "./realm.ts";
import type { ThrownError } from "./realm/realm-host.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { Clock, DeploymentInfo } from "./services.ts";
import { Watchdog, WatchdogError } from "./watchdog.ts";

export interface AnalyzerOptions {
  /** What the analysis converts stays there for the functions to run. */
  readonly codeCache: CodeCache;
  readonly deployment: DeploymentInfo;
  readonly clock: Clock;
}

/** Evaluation of a large project may take longer than a function. It is tried in a thread first. */
const TRIAL_LIMIT_MS = 10 * ENTRY_LIMIT_MS;
/** How much longer than on trial it may then keep the engine, beyond what any function may. */
const SLOWER_THAN_ON_TRIAL = 3;

/** Analyses pushes. The variables given are the user's; the system's are added. */
export function createCodeAnalyzer(
  options: AnalyzerOptions,
): (project: PushedProject, variables: ReadonlyMap<string, string>) => Promise<AnalyzedProject> {
  const evaluator: ModuleEvaluator = {
    probe: (modules, paths, variables) => probe(modules, paths, variables, options),
  };
  const { cloudUrl, siteUrl } = options.deployment;
  const system = new Map([
    ["CONVEX_CLOUD_URL", cloudUrl],
    ["CONVEX_SITE_URL", siteUrl],
  ]);
  return (project, variables) =>
    analyzeProject(project, new Map([...variables, ...system]), system, evaluator);
}

async function probe(
  modules: readonly PushedModule[],
  paths: readonly string[],
  variables: ReadonlyMap<string, string>,
  { codeCache, clock }: AnalyzerOptions,
): Promise<ReadonlyMap<string, Probed>> {
  const converted = await Promise.all(modules.map((module) => convert(codeCache, module)));
  const code = snapshotOf(converted, clock.now());
  const environments = new Map(converted.map(({ path, environment }) => [path, environment]));
  const inRealm = paths.filter((path) => environments.get(path) !== "node");
  const onNode = paths.filter((path) => environments.get(path) === "node");
  const startedAt = performance.now();
  const onTrial = await probeInThread(code, paths, variables);
  const trialMs = performance.now() - startedAt;
  const limitMs = ENTRY_LIMIT_MS + SLOWER_THAN_ON_TRIAL * trialMs;
  const probed = new Map(probeInRealm(code, inRealm, variables, limitMs));
  for (const path of onNode) {
    const found = onTrial.get(path);
    if (found?.kind !== "done") continue;
    if (!found.isOk) throw failedAnalysis(path, thrownError(code, found.text));
    probed.set(path, { probe: JSON.parse(found.text) as ModuleProbe, missingVariables: [] });
  }
  return probed;
}

async function convert(codeCache: CodeCache, module: PushedModule): Promise<RunnableModule> {
  try {
    const runnable = await codeCache.convert(module, moduleHash(module));
    runnable.script();
    return runnable;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw invalidModules(`Failed to load ${module.path}: ${error.message}`);
  }
}

function snapshotOf(modules: readonly RunnableModule[], nowMs: number): CodeSnapshot {
  const code = { version: "", importSeed: randomBytes(32), importTimeMs: nowMs, handleKey: "" };
  const loaded = modules.map((module) => ({ componentPath: "", module }));
  return createSnapshot(code, loaded, [PLAIN_APP_MOUNT], []);
}

function probeInRealm(
  code: CodeSnapshot,
  paths: readonly string[],
  variables: ReadonlyMap<string, string>,
  limitMs: number,
): [string, Probed][] {
  if (paths.length === 0) return [];
  const realm = new Realm(code, "");
  const watchdog = new Watchdog();
  return paths.map((path) => {
    const missing = new Set<string>();
    const frame = probeFrame((name) => {
      const value = variables.get(name);
      if (value === undefined) missing.add(name);
      return value;
    });
    try {
      let json = "";
      watchdog.guard(limitMs, () => void (json = realm.probe(frame, path)));
      const probe = JSON.parse(json) as ModuleProbe;
      return [path, { probe, missingVariables: [...missing] }];
    } catch (error) {
      throw failedAnalysis(path, error);
    }
  });
}

/**
 * Evaluates modules in a thread of their own: what never ends or fills the memory ends there, and the
 * engine goes on meanwhile. What the realm's modules give or throw here does not count.
 */
async function probeInThread(
  code: CodeSnapshot,
  paths: readonly string[],
  variables: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, ThreadEnd>> {
  const modules = code.modules.map(({ componentPath, module }) => ({
    componentPath,
    path: module.path,
    environment: module.environment,
    code: module.code,
  }));
  const environments = { "": Object.fromEntries(variables) };
  const options = { kind: "node", silenceLimitMs: TRIAL_LIMIT_MS } as const;
  const thread = new ActionThread({ modules, environments }, options);
  try {
    const ends = new Map<string, ThreadEnd>();
    for (const path of paths) {
      const end = await probeModuleIn(thread, path);
      if (end.kind === "crashed") throw failedAnalysis(path, new FunctionError(end.reason));
      ends.set(path, end);
    }
    return ends;
  } finally {
    await thread.terminate();
  }
}

function probeModuleIn(thread: ActionThread, module: string): Promise<ThreadEnd> {
  return new Promise((resolve) => {
    const listener = { message: () => undefined, ended: resolve };
    thread.start({ kind: "probe", componentPath: "", module }, listener);
  });
}

function thrownError(code: CodeSnapshot, text: string): FunctionError {
  const { summary, stack } = JSON.parse(text) as ThrownError;
  const frames = mapStack(stack, (path) => code.module("", path)?.positions ?? null);
  return new FunctionError([`Uncaught ${summary}`, ...frames].join("\n"));
}

function failedAnalysis(path: string, error: unknown): Error {
  if (error instanceof WatchdogError) {
    return invalidModules(`Failed to analyze ${path}: its evaluation takes too long.`);
  }
  if (!(error instanceof FunctionError)) {
    return error instanceof Error ? error : new Error("The analysis failed.", { cause: error });
  }
  return invalidModules(`Failed to analyze ${path}: ${error.message}`);
}

/** Modules may read the environment while they are evaluated, and do nothing else. */
function probeFrame(environmentVariable: RealmFrame["environmentVariable"]): RealmFrame {
  const refusal = '!{"message":"Not available while modules are analyzed."}';
  return {
    random: new SeededRandom(() => new Uint8Array()),
    readClock: () => 0,
    syscall: () => refusal,
    asyncSyscall: () => refusal,
    environmentVariable,
    log: () => undefined,
    startOperation: () => -1,
  };
}
