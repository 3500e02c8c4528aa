// Runs before anything is installed: plain JavaScript without dependencies that an old Node understands.

const REQUIRED = [20, 19];

/** Ends the process with exit code 1 and one sentence when Node is older than the project needs. */
export function requireNodeVersion(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > REQUIRED[0] || (major === REQUIRED[0] && minor >= REQUIRED[1])) return;
  console.error(
    `Vitrine needs Node ${REQUIRED.join(".")} or newer, this is ${version}. Install a newer Node and run the command again.`,
  );
  process.exit(1);
}
