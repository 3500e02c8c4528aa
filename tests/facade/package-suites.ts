/**
 * Suites that packages ship in their sources for `convex-test`: how many tests each file has, and which
 * of them fail on the engine, with the reason why.
 */

export interface PackageSuite {
  /** Of the package that the counts were taken from. */
  readonly version: string;
  readonly files: Readonly<Record<string, SuiteFile>>;
}

export interface SuiteFile {
  readonly tests: number;
  readonly gaps?: Readonly<Record<string, string>>;
}

const TEXT =
  "Expects convex-test's own words, `Validator error`; a deployment says `ArgumentValidationError`.";
const NESTED =
  "Expects the bare message of an error that crossed a call; a deployment puts `Uncaught Error: ` " +
  "before it and the stack behind it.";
const READ_ONLY =
  "Deletes a row of `_scheduled_functions`; system tables are read-only in a deployment.";
const JOB_NAME =
  "Looks for a job named `module:function`; a deployment names it `module.js:function`.";

export const PACKAGE_SUITES: Readonly<Record<string, PackageSuite>> = {
  "@convex-dev/aggregate": {
    version: "0.3.1",
    files: {
      "src/client/index.test.ts": { tests: 33 },
      "src/client/setup.test.ts": { tests: 1 },
      "src/component/btree.test.ts": { tests: 15 },
      "src/component/deadLetter.test.ts": { tests: 6 },
      "src/component/setup.test.ts": { tests: 1 },
      "src/component/worker.test.ts": { tests: 30 },
    },
  },
  "@convex-dev/batch-worker": {
    version: "0.3.4",
    files: {
      "src/client/index.test.ts": { tests: 8 },
      "src/client/setup.test.ts": { tests: 1 },
      "src/component/lib.test.ts": { tests: 23 },
      "src/component/setup.test.ts": { tests: 1 },
    },
  },
  "@convex-dev/migrations": {
    version: "0.3.6",
    files: {
      "src/client/index.test.ts": { tests: 6 },
      "src/component/lib.test.ts": { tests: 13 },
      "src/component/setup.test.ts": { tests: 1 },
    },
  },
  "@convex-dev/rate-limiter": {
    version: "0.4.0",
    files: {
      "src/client/index.test.ts": { tests: 9 },
      "src/client/setup.test.ts": { tests: 1 },
      "src/component/getValue.test.ts": { tests: 7 },
      "src/component/internal.test.ts": { tests: 47 },
      "src/component/lib.test.ts": { tests: 28 },
      "src/component/setup.test.ts": { tests: 1 },
      "src/component/worker.test.ts": {
        tests: 10,
      },
      "src/shared.test.ts": { tests: 11 },
    },
  },
  "@convex-dev/resend": {
    version: "0.2.8",
    files: {
      "src/client/index.test.ts": { tests: 2 },
      "src/client/setup.test.ts": { tests: 1 },
      "src/component/lib.test.ts": { tests: 25 },
      "src/component/setup.test.ts": { tests: 1 },
      "src/component/utils.test.ts": { tests: 4 },
    },
  },
  "@convex-dev/workpool": {
    version: "0.4.12",
    files: {
      "src/client/index.test.ts": {
        tests: 78,
        gaps: {
          "completion callbacks through the client and scheduler > a failure filter reuses an existing completion handler for failed action work":
            NESTED,
          "completion callbacks through the client and scheduler > a failure filter reuses an existing completion handler for failed mutation work":
            NESTED,
          "completion callbacks through the client and scheduler > a failure filter reuses an existing completion handler for failed query work":
            NESTED,
          "completion callbacks through the client and scheduler > a failure filter restores large context (large arguments: false)":
            NESTED,
          "completion callbacks through the client and scheduler > a failure filter restores large context (large arguments: true)":
            NESTED,
          "completion callbacks through the client and scheduler > rejects invalid result kinds at runtime (batch: false)":
            TEXT,
          "completion callbacks through the client and scheduler > rejects invalid result kinds at runtime (batch: true)":
            TEXT,
        },
      },
      "src/component/complete.test.ts": { tests: 12 },
      "src/component/config.test.ts": { tests: 2 },
      "src/component/errors.test.ts": { tests: 4 },
      "src/component/kick.test.ts": { tests: 3 },
      "src/component/lib.test.ts": {
        tests: 18,
        gaps: {
          "lib > enqueue > rejects invalid status filters before writing any work (batch: false)":
            TEXT,
          "lib > enqueue > rejects invalid status filters before writing any work (batch: true)":
            TEXT,
          "lib > cancelAll > should process work items in batches for cancelAll": JOB_NAME,
        },
      },
      "src/component/logging.test.ts": { tests: 3 },
      "src/component/loop.test.ts": { tests: 24 },
      "src/component/recovery.test.ts": { tests: 24 },
      "src/component/setup.test.ts": { tests: 1 },
      "src/component/stateMachine.test.ts": {
        tests: 44,
        gaps: {
          "state machine > GC'd scheduledId in running > consumes a pending completion and starts backlog despite GC'd scheduledId":
            READ_ONLY,
          "state machine > GC'd scheduledId in running > recovery fails a job whose scheduledId is GC'd and no completion exists":
            READ_ONLY,
          "state machine > GC'd scheduledId in running > recovery scan tolerates a GC'd scheduledId for a live job":
            READ_ONLY,
        },
      },
      "src/component/stats.test.ts": {
        tests: 4,
        gaps: {
          "stats > generateReport > should schedule calculateBacklogAndReport when backlog is large":
            JOB_NAME,
        },
      },
    },
  },
};
