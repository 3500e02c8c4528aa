/** What a behaviour may do to a deployment, whatever stands behind it. */
import type { UserIdentity } from "convex/server";
import type { Value } from "convex/values";

export type Args = Readonly<Record<string, Value>>;

/** A caller of public functions. Failures reject with what the function threw, or say it. */
export interface Caller {
  query(path: string, args?: Args): Promise<unknown>;
  mutation(path: string, args?: Args): Promise<unknown>;
  action(path: string, args?: Args): Promise<unknown>;
  /** Calls an HTTP action by its path. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface Driver extends Caller {
  /** The same deployment, signed in. */
  as(identity: TestIdentity): Promise<Caller>;
  /** Moves time ahead and waits until everything scheduled for that span has ended. */
  passTime(ms: number): Promise<void>;
  /** GETs the address that `storage.getUrl` gave. */
  download(url: string): Promise<Response>;
  /** POSTs to the address that `storage.generateUploadUrl` gave. */
  upload(url: string, init: RequestInit): Promise<Response>;
}

export type TestIdentity = Pick<UserIdentity, "subject"> & { readonly [claim: string]: string };

export interface DriverKind {
  readonly name: string;
  /** Starts what all behaviours share. */
  start(): Promise<RunningDriver>;
}

export interface RunningDriver {
  /** A deployment with the functions of `tests/fixtures/conformance` and without documents. */
  fresh(): Promise<Driver>;
  stop(): Promise<void>;
}
