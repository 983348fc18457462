import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AptSource, parseDeb822Sources, parseSourcesList } from './apt-source.ts';

/**
 * What the host's apt is configured with: sources.list, then sources.list.d in order of name. A `mirror+file:` address
 * stands for the first address in that file. Empty when there is no apt.
 */
export async function readAptSources(aptDirectory: string): Promise<AptSource[]> {
  const main = parseSourcesList(await textOf(path.join(aptDirectory, 'sources.list')));
  const partsDirectory = path.join(aptDirectory, 'sources.list.d');
  const names: string[] = await readdir(partsDirectory).catch(() => []);
  const parts: AptSource[] = [];
  for (const name of names.sort()) {
    const file = path.join(partsDirectory, name);
    if (name.endsWith('.list')) parts.push(...parseSourcesList(await textOf(file)));
    if (name.endsWith('.sources')) parts.push(...parseDeb822Sources(await textOf(file)));
  }
  return Promise.all([...main, ...parts].map(resolveMirrorFile));
}

async function resolveMirrorFile(source: AptSource): Promise<AptSource> {
  const file = /^mirror\+file:\/*(\/.*)$/.exec(source.uri)?.[1];
  if (file === undefined) return source;
  const addresses = (await textOf(file))
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((word) => /^https?:\/\//.test(word));
  return { ...source, uri: addresses[0]?.replace(/\/+$/, '') ?? source.uri };
}

/** Empty for a file that cannot be read: apt ignores it, too. */
async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
