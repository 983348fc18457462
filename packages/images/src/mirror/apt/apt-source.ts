/** One archive that apt is told to use: one address, one suite. */
export interface AptSource {
  /** Without a trailing slash. */
  uri: string;
  suite: string;
  components: readonly string[];
  /** As written: paths or fingerprints, or a whole ASCII-armoured key. */
  signedBy: string | undefined;
  /** `[trusted=yes]`: the administrator waives signatures. */
  isTrusted: boolean;
}

/** Reads sources.list(5), one-line style. Flat repositories, sources and lines that mean nothing are left out. */
export function parseSourcesList(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (!match) return [];
    const [, optionText = '', uri = '', suite = '', components = ''] = match;
    if (suite.endsWith('/')) return [];
    const options = new Map(
      optionText
        .split(/\s+/)
        .filter((option) => option !== '')
        .map((option): [string, string] => {
          const equals = option.indexOf('=');
          return [option.slice(0, equals).toLowerCase(), option.slice(equals + 1)];
        }),
    );
    return [
      {
        uri: withoutSlash(uri),
        suite,
        components: words(components),
        signedBy: options.get('signed-by'),
        isTrusted: options.get('trusted') === 'yes',
      },
    ];
  });
}

/** Reads deb822 style (`*.sources`). A stanza of several addresses and suites gives a source for each. */
export function parseDeb822Sources(text: string): AptSource[] {
  return stanzas(text).flatMap((stanza) => {
    const list = (name: string): string[] => words(stanza.get(name) ?? '');
    if (!list('types').includes('deb') || (stanza.get('enabled') ?? 'yes').trim() === 'no') return [];
    const suites = list('suites').filter((suite) => !suite.endsWith('/'));
    return list('uris').flatMap((uri) =>
      suites.map((suite) => ({
        uri: withoutSlash(uri),
        suite,
        components: list('components'),
        signedBy: stanza.get('signed-by')?.trim(),
        isTrusted: stanza.get('trusted')?.trim() === 'yes',
      })),
    );
  });
}

/** One source as a deb822 stanza. */
export function formatDeb822(source: AptSource): string {
  const lines = [
    'Types: deb',
    `URIs: ${source.uri}`,
    `Suites: ${source.suite}`,
    `Components: ${source.components.join(' ')}`,
  ];
  if (source.signedBy !== undefined) lines.push(formatSignedBy(source.signedBy));
  if (source.isTrusted) lines.push('Trusted: yes');
  return `${lines.join('\n')}\n`;
}

function formatSignedBy(signedBy: string): string {
  if (!signedBy.includes('\n')) return `Signed-By: ${signedBy.replaceAll(',', ' ')}`;
  const lines = signedBy.split('\n').map((line) => ` ${line.trim() === '' ? '.' : line.trim()}`);
  return `Signed-By:\n${lines.join('\n')}`;
}

/** Fields by lower-case name; continuation lines joined by newlines, a lone dot for an empty line undone. */
function stanzas(text: string): Map<string, string>[] {
  const found: Map<string, string>[] = [];
  let current = new Map<string, string>();
  let field = '';
  for (const line of [...text.split(/\r?\n/), '']) {
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      if (current.size > 0) found.push(current);
      current = new Map();
      field = '';
    } else if (/^\s/.test(line)) {
      const value = line.trim() === '.' ? '' : line.trim();
      if (field !== '') current.set(field, `${current.get(field) ?? ''}\n${value}`);
    } else {
      const colon = line.indexOf(':');
      field = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
      if (field !== '') current.set(field, line.slice(colon + 1).trim());
    }
  }
  return found;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}
