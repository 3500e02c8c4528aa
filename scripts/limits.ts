/** Limits by name, as `embedded/lib/limits.ts` groups them. */
export type LimitGroup = Readonly<Record<string, { readonly max: number }>>;

/** A title and the limits under it. */
export interface LimitSection {
  readonly title: string;
  /** What the numbers do not say. */
  readonly note?: string;
  readonly limits: LimitGroup;
}

/** Limits of what callers may ask for, each with what it means. */
export type TrafficMeanings<Name extends string> = Readonly<Record<Name, string>>;

/** The content of `docs/limits.md`: every limit of the embedded backend with its number. */
export function describeLimits<Name extends string>(
  sections: readonly LimitSection[],
  traffic: Readonly<Record<Name, number>>,
  meanings: TrafficMeanings<Name>,
): string {
  const names = Object.keys(meanings) as Name[];
  return [
    "# Limits of the embedded backend",
    "",
    "Made from `embedded/lib/limits.ts` and `embedded/lib/traffic-limits.ts` by `npm run docs`; a test",
    "fails when this page and the code differ.",
    "",
    "## Convex's limits",
    "",
    "They are those of a Convex deployment, and so are the texts of the errors: what passes here passes",
    "there, but for memory: V8 does not bound what one function of a shared process holds, so a query",
    "or mutation is cut off when it fills hundreds of megabytes, and an action's thread at 160 MiB. They",
    "cannot be changed. A function that goes beyond one fails, and nothing it wrote stays.",
    "",
    "What depends on Convex's plans and machines is not bounded here: bytes written each second (4 MiB",
    "in the class S16), scheduled functions that are outstanding (1,000,000), the time that the database",
    "takes for one function (15 s in all), storage and traffic of a month. Where Convex's documentation",
    "and its open backend differ, the smaller number holds here, but for environment variables, of which",
    "the open backend takes 512, and lines of the log, which are documented to end at 4 KiB.",
    "",
    ...sections.flatMap(({ title, note, limits }) => [
      `### ${title}`,
      "",
      ...(note === undefined ? [] : [note, ""]),
      "| limit | at most |",
      "| --- | --- |",
      ...Object.entries(limits).map(
        ([name, { max }]) => `| ${inWords(name)} | ${amount(name, max)} |`,
      ),
      "",
    ]),
    "## Limits of traffic",
    "",
    "They keep one caller from using up what all need. `--limit NAME=NUMBER` changes one, as often as",
    'needed, or `EMBEDDED_LIMITS="NAME=NUMBER,NAME=NUMBER"` in the environment. Ten seconds\' worth of',
    "a rate may come at once. Who asks for more gets status 429, or his socket is closed with 1013; the",
    "official clients then wait and come again.",
    "",
    "| name | default | of |",
    "| --- | --- | --- |",
    ...names.map((name) => `| \`${name}\` | ${amount(name, traffic[name])} | ${meanings[name]} |`),
    "",
  ].join("\n");
}

/** `documentsRead` as "documents read". */
function inWords(name: string): string {
  return name
    .replace(/Bytes$/, "Size")
    .replace(/Ms$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** With its unit, which the name tells. */
function amount(name: string, max: number): string {
  if (/bytes/i.test(name)) return size(max);
  return name.endsWith("Ms") ? duration(max) : max.toLocaleString("en");
}

function size(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let rest = bytes;
  while (rest >= 1024 && rest % 1024 === 0 && units.length > 1) {
    rest /= 1024;
    units.shift();
  }
  return `${rest.toLocaleString("en")} ${units[0] ?? ""}`;
}

function duration(ms: number): string {
  const minutes = ms / 60_000;
  const days = minutes / 1_440;
  if (days >= 1) return `${days.toLocaleString("en")} days`;
  return minutes >= 1 ? `${minutes} min` : `${ms / 1000} s`;
}
