/**
 * Adds to `package-lock.json` the optional packages of other platforms that a registry did not have when the lock was made:
 * `npm ci` refuses a lock that lacks them. They get their version and platform, and no hash. Run it after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const file = path.resolve(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> };

const systems = [
  'android',
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'netbsd',
  'openbsd',
  'sunos',
  'aix',
  'openharmony',
];
const processors = [
  'x64',
  'arm64',
  'arm',
  'ia32',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
];

for (const [parentKey, parent] of Object.entries(lock.packages)) {
  for (const [name, wanted] of Object.entries(parent.optionalDependencies ?? {})) {
    const version = wanted.replace(/^[\^~]/, '');
    const place = placeFor(parentKey, name, version);
    if (place !== undefined) lock.packages[place] = foreignPackage(name, version, parent.dev === true);
  }
}
const [root, ...rest] = Object.entries(lock.packages);
if (root === undefined) throw new Error('an empty lock');
rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries([root, ...rest]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

/** Where the package belongs: at the top, or beside its parent when another version is there. Undefined when it is locked. */
function placeFor(parentKey: string, name: string, version: string): string | undefined {
  const top = `node_modules/${name}`;
  const nested = `${parentKey}/node_modules/${name}`;
  if (lock.packages[nested] !== undefined || lock.packages[top]?.version === version) return undefined;
  return lock.packages[top] === undefined ? top : nested;
}

function foreignPackage(name: string, version: string, dev: boolean): LockedPackage {
  const words = name.split(/[/_-]/);
  const system = systems.find((candidate) => words.includes(candidate));
  const processor = processors.find((candidate) => words.includes(candidate));
  return {
    version,
    // A name that says no platform is of one that npm does not know: it is never installed.
    cpu: [processor ?? 'none'],
    ...(dev ? { dev } : {}),
    ...(words.includes('musl') ? { libc: ['musl'] } : {}),
    optional: true,
    os: [system ?? 'none'],
  };
}
