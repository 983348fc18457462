import path from 'node:path';
import { CommandError } from '../errors.ts';

export interface ParsedVolumes {
  /** `source:target[:options]`. */
  readonly binds: string[];
  /** Targets of anonymous volumes. */
  readonly anonymous: Record<string, Record<string, never>>;
}

/** `-v`: a target alone is an anonymous volume; a relative source (`./x`, `~` is the shell's) is made absolute. Throws `CommandError`. */
export function parseVolumes(texts: readonly string[], currentDirectory: string): ParsedVolumes {
  const volumes: ParsedVolumes = { binds: [], anonymous: {} };
  for (const text of texts) {
    const [source = '', ...rest] = text.split(':');
    if (/^:|::/.test(text))
      throw new CommandError(125, `invalid spec: ${text}: empty section between colons`);
    if (rest.length === 0) volumes.anonymous[text] = {};
    else volumes.binds.push([absoluteSource(source, currentDirectory), ...rest].join(':'));
  }
  return volumes;
}

function absoluteSource(source: string, currentDirectory: string): string {
  return /^\.{1,2}(?:\/|$)/.test(source) ? path.resolve(currentDirectory, source) : source;
}

/** `--tmpfs /target[:options]`. */
export function parseTmpfs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(':');
      return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
    }),
  );
}
