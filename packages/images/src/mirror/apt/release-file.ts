/** The fields of a Release or InRelease file that matter here (Debian wiki: DebianRepository/Format). */
export interface ReleaseFile {
  origin: string;
  label: string;
  /** `stable`, `oldstable-security`, … */
  suite: string;
  /** `bookworm`. */
  codename: string;
  /** Empty where there is none (testing, unstable). */
  version: string;
  date: Date;
  /** SHA-256 in hex by path (`main/binary-amd64/Packages`). */
  checksums: ReadonlyMap<string, string>;
}

/** Reads it as text: whether it is signed as it should be is apt's to verify. Undefined for what is no Release file. */
export function parseReleaseFile(text: string): ReleaseFile | undefined {
  const fields = new Map<string, string>();
  const checksums = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('-----BEGIN PGP SIGNATURE')) break;
    const field = /^([A-Za-z0-9-]+):\s*(.*?)\s*$/.exec(line);
    if (field) {
      section = field[1]?.toLowerCase() ?? '';
      fields.set(section, field[2] ?? '');
      continue;
    }
    const entry = section === 'sha256' ? /^\s+([0-9a-f]{64})\s+\d+\s+(\S+)\s*$/.exec(line) : null;
    if (entry) checksums.set(entry[2] ?? '', entry[1] ?? '');
  }
  const date = new Date(fields.get('date') ?? '');
  if (!fields.has('origin') || Number.isNaN(date.getTime())) return undefined;
  const field = (name: string): string => fields.get(name) ?? '';
  return {
    origin: field('origin'),
    label: field('label'),
    suite: field('suite'),
    codename: field('codename'),
    version: field('version'),
    date,
    checksums,
  };
}

/** How apt names an archive's Release file in its lists directory (apt: URItoFileName). */
export function releaseListName(uri: string, suite: string): string {
  const withoutScheme = uri.replace(/^[a-z][a-z0-9+.-]*:\/*/i, '').replace(/^[^/@]*@/, '');
  const escaped = `${withoutScheme}/dists/${suite}`.replaceAll(
    /[\\|{}[\]<>"^~_=!@#$%&*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return escaped.replaceAll('/', '_');
}
