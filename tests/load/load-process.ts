/** Makes load: started by the bench as a process of its own, one task a message. */
import { HttpCaller } from "./http-caller.ts";
import { percentile, type HttpFigures, type HttpLoad, type LoadTask } from "./messages.ts";
import { measurePages } from "./page-load.ts";
import { callAt, isRightAnswer } from "./requests.ts";
import { measureFanout } from "./socket-load.ts";

process.on("message", (task: LoadTask) => {
  runTask(task).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });

function runTask(task: LoadTask): Promise<object> {
  switch (task.task) {
    case "http":
      return measureHttp(task);
    case "fanout":
      return measureFanout(task);
    case "pages":
      return measurePages(task);
  }
}

async function measureHttp(load: HttpLoad): Promise<HttpFigures> {
  const callers = await Promise.all(
    Array.from({ length: load.callers }, () => HttpCaller.open(load.port)),
  );
  const latencies: number[] = [];
  const startsAt = performance.now() + load.warmUpMs;
  const endsAt = startsAt + load.durationMs;
  let next = 0;
  let sample = "";
  try {
    await Promise.all(
      callers.map(async (caller) => {
        for (;;) {
          const n = next++;
          const { path, body } = callAt(load.plan, n);
          const sentAt = performance.now();
          const answer = await caller.call(path, body);
          const receivedAt = performance.now();
          if (n === 0) sample = answer.toString();
          if (!load.isControl) requireSuccess(answer, n, load);
          if (sentAt >= startsAt && receivedAt <= endsAt) latencies.push(receivedAt - sentAt);
          if (receivedAt > endsAt) return;
        }
      }),
    );
  } finally {
    for (const caller of callers) caller.close();
  }
  const calls = latencies.length;
  return {
    calls,
    perSecond: (calls * 1000) / load.durationMs,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    sample,
  };
}

const SUCCESS = '{"status":"success"';

/** Every answer must be a success; now and then it is looked at closely. */
function requireSuccess(answer: Buffer, n: number, { plan }: HttpLoad): void {
  const isSuccess = answer.toString("latin1", 0, SUCCESS.length) === SUCCESS;
  if (isSuccess && (n % 1000 !== 0 || isRightAnswer(plan, answer.toString()))) return;
  throw new Error(`Wrong answer to ${plan.kind}: ${answer.toString("utf8", 0, 400)}`);
}
