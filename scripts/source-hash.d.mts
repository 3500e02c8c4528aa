/** One hash over the contents of files and folders, in a stable order; tests are left out. */
export function hashSources(paths: readonly string[]): string;

/**
 * The same hash without reading the contents, as long as every file has the size, the inode and the
 * times it had when `memoFile`, in a folder that exists, was written.
 */
export function hashSourcesOnce(paths: readonly string[], memoFile: string): string;
