/**
 * Milliseconds of processor that this process has had, in all its threads: no thread computed longer
 * than this grows. On a busy machine it grows slower than the clock.
 */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
