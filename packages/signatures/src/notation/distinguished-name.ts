/** Attributes of a name by their types, in capitals: `{ C: 'US', ST: 'WA', O: 'acme' }`. */
export type DistinguishedName = ReadonlyMap<string, string>;

/**
 * Reads a name as people write it (RFC 4514): `C=US, ST=WA, O=acme\, inc`. `S` is `ST`. Undefined for one that lacks C, ST or O, has an
 * attribute twice, several in one part, or a value in hexadecimal: the Notary Project takes none of these.
 */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  const parts = text.match(/(?:\\.|[^\\,])+/gs) ?? [];
  return nameOf(parts.map((part) => part.trim()));
}

/** The same of a subject as Node tells it: a line for each attribute. */
export function subjectName(subject: string): DistinguishedName | undefined {
  return nameOf(subject.split('\n'));
}

/** Whether the name has all attributes of the other, with their values. */
export function includesName(name: DistinguishedName, other: DistinguishedName): boolean {
  return [...other].every(([type, value]) => name.get(type) === value);
}

function nameOf(parts: readonly string[]): DistinguishedName | undefined {
  const name = new Map<string, string>();
  for (const part of parts) {
    const [, written = '', value = ''] = /^([A-Za-z][A-Za-z0-9.-]*)\s*=\s*(.+)$/s.exec(part) ?? [];
    const type = written.toUpperCase() === 'S' ? 'ST' : written.toUpperCase();
    const isPlain = type !== '' && !value.startsWith('#') && !/(?<!\\)\+/.test(value);
    if (!isPlain || name.has(type)) return undefined;
    name.set(type, value.replaceAll(/\\(.)/gs, '$1').trim());
  }
  return ['C', 'ST', 'O'].every((type) => name.has(type)) ? name : undefined;
}
