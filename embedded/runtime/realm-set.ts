import type { ComponentPath } from "../database/types.ts";
import type { CodeSnapshot } from "../modules/code-cache.ts";
import type { FunctionDirectory } from "../modules/function-directory.ts";
import { canonicalPath, type FunctionPath } from "../modules/function-path.ts";
import { functionInfo, type FunctionInfo } from "./function-info.ts";
import { Realm, type CodeRealm, type RealmFrame } from "./realm.ts";
import { strayRejections } from "./stray-rejections.ts";

/** The code that a run executes. */
export interface Realms extends Pick<RealmSet, "nextId" | "infoOf"> {
  readonly directory: FunctionDirectory;
  realmFor(frame: RealmFrame, componentPath: ComponentPath, depth: number): CodeRealm;
  /** Gives later runs other realms in place of these. */
  drop(realms: ReadonlySet<CodeRealm>): void;
}

/**
 * The realms of one version of the code: one per component and depth of nesting, so that a nested
 * call runs to completion while its caller's realm stands still.
 */
export class RealmSet {
  /** Where the functions of the code are. */
  readonly directory: FunctionDirectory;
  readonly #code: CodeSnapshot;
  readonly #realms = new Map<string, Realm>();
  readonly #infos = new Map<string, FunctionInfo | null>();
  #lastId = 0;

  constructor(code: CodeSnapshot) {
    this.#code = code;
    this.directory = code;
  }

  /**
   * The realm for a call. Made anew when an environment variable that its modules read at import
   * time has changed; the frame reads those variables, so the call depends on them.
   */
  realmFor(frame: RealmFrame, componentPath: ComponentPath, depth: number): Realm {
    const key = `${depth} ${componentPath}`;
    const existing = this.#realms.get(key);
    if (existing !== undefined && hasCurrentVariables(existing, frame)) return existing;
    const realm = new Realm(this.#code, componentPath);
    strayRejections().adopt(realm.promisePrototype);
    this.#realms.set(key, realm);
    return realm;
  }

  /** A number that no other run in these realms has for what it waits for. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** What an export is; `null` when it is absent or no Convex function. */
  infoOf(path: FunctionPath): FunctionInfo | null {
    const key = `${path.componentPath}\n${canonicalPath(path)}`;
    const known = this.#infos.get(key);
    if (known !== undefined) return known;
    const found = this.#code.findFunction(path);
    const info = found === null ? null : functionInfo(found);
    this.#infos.set(key, info);
    return info;
  }

  drop(realms: ReadonlySet<CodeRealm>): void {
    for (const [key, realm] of this.#realms) {
      if (realms.has(realm)) this.#realms.delete(key);
    }
  }
}

function hasCurrentVariables(realm: Realm, frame: RealmFrame): boolean {
  for (const [name, value] of realm.importedVariables) {
    if (frame.environmentVariable(name) !== value) return false;
  }
  return true;
}
