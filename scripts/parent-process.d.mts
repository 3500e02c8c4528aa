/**
 * Calls `stop` when npm, or the shell that npm runs a script in, is gone: at SIGTERM both end, and
 * pass the signal on to nobody. Does nothing in a process that npm did not start.
 */
export function whenNpmEnds(stop: () => void): void;

/** Calls `stop` when that process, which started this one, is gone. Keeps no process from ending. */
export function whenParentEnds(parent: number, stop: () => void): void;
