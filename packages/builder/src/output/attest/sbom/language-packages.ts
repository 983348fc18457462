import { posix } from 'node:path';
import { type InstalledPackage, packageUrl } from './package.ts';

/** Whether a file describes an npm or a Python package that is installed where it lies. */
export function isPackageFile(path: string): boolean {
  return isNpmManifest(path) || isPythonMetadata(path);
}

/** The package that such a file describes; undefined for one that cannot be read. */
export function languagePackage(path: string, text: string): InstalledPackage | undefined {
  return isNpmManifest(path) ? npmPackage(path, text) : pythonPackage(path, text);
}

/** The one in a package's own directory: other `package.json` files say other things. */
function isNpmManifest(path: string): boolean {
  return /\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/.test(path);
}

/** PEP 376 and what was before it. */
function isPythonMetadata(path: string): boolean {
  return /\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/.test(path);
}

function npmPackage(path: string, text: string): InstalledPackage | undefined {
  try {
    const { name, version, license } = JSON.parse(text) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof version !== 'string') return undefined;
    const [scope, bare] = name.startsWith('@') ? name.split('/', 2) : ['', name];
    const url = packageUrl({ type: 'npm', namespace: scope ?? '', name: bare ?? name, version });
    return { name, version, url, foundIn: path, license: typeof license === 'string' ? license : '' };
  } catch {
    return undefined;
  }
}

/** The headers end at the first empty line; what follows is a description. */
function pythonPackage(path: string, text: string): InstalledPackage | undefined {
  const [head = ''] = text.split(/\r?\n\r?\n/, 1);
  const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'mi').exec(head)?.[1]?.trim() ?? '';
  const name = field('Name') || posix.basename(posix.dirname(path)).split('-', 1)[0] || '';
  const version = field('Version');
  if (name === '' || version === '') return undefined;
  // PEP 503's form of a name.
  const plainName = name.toLowerCase().replaceAll(/[-_.]+/g, '-');
  const url = packageUrl({ type: 'pypi', namespace: '', name: plainName, version });
  return { name, version, url, foundIn: path, license: field('License-Expression') || field('License') };
}
