/** `name-v2001-02-03-040506-123.txt`, as `--s3-versions` shows old versions: the version stays readable. */
const pattern = /^(.*)(-v(\d{4})-(\d{2})-(\d{2})-(\d{2})(\d{2})(\d{2})-\d{3})$/su;

/** Takes the version out of a file name. `extension` begins with its dot. */
export function splitVersion(leaf: string): { stem: string; version: string; extension: string } {
  const dot = leaf.lastIndexOf('.');
  const cut = dot > 0 ? dot : leaf.length;
  const stem = leaf.slice(0, cut);
  const extension = leaf.slice(cut);
  const match = pattern.exec(stem);
  if (!match || !isTime(match.slice(3).map(Number))) return { stem, version: '', extension };
  return { stem: match[1] ?? '', version: match[2] ?? '', extension };
}

/** Puts the version back before the extension. */
export function joinVersion(name: string, version: string): string {
  if (version === '') return name;
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) + version + name.slice(dot) : name + version;
}

function isTime([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: number[]): boolean {
  const t = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (year < 100) t.setUTCFullYear(year);
  return t.getUTCMonth() === month - 1 && t.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
}

/** The name of an old version: the time of its write goes before the extension. `unixMs` in UTC. */
export function withVersion(name: string, unixMs: number): string {
  const t = new Date(unixMs).toISOString();
  const version = `-v${t.slice(0, 10)}-${t.slice(11, 19).replaceAll(':', '')}-${t.slice(20, 23)}`;
  const slash = name.lastIndexOf('/') + 1;
  return name.slice(0, slash) + joinVersion(name.slice(slash), version);
}

/** The plain name of an old version's; undefined when the name has no version. */
export function withoutVersion(name: string): string | undefined {
  const slash = name.lastIndexOf('/') + 1;
  const { stem, version, extension } = splitVersion(name.slice(slash));
  return version === '' ? undefined : name.slice(0, slash) + stem + extension;
}
