/** Builds everything that runs, unless the sources are those of the last build. */
export function buildWhenChanged(log: (line: string) => void): Promise<void>;

/** Builds programs alone, with what the engine reads as text beside its own. */
export function buildPrograms(folder?: string, entryPoints?: readonly string[]): Promise<void>;
