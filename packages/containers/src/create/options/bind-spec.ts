import { InvalidOptionError } from '../../errors.ts';
import {
  bindPropagation,
  checkVolumeName,
  mountDestination,
  type RequestedMount,
} from './requested-mount.ts';

const propagations: ReadonlySet<string> = new Set('shared slave private rshared rslave rprivate'.split(' '));
const consistencies: ReadonlySet<string> = new Set('default consistent cached delegated'.split(' '));

/**
 * Reads `-v`'s notation: `/host:/container[:mode]`, `volume:/container[:mode]` or `/container`; volumes are of `volumeDriver`
 * (`--volume-driver`, often empty). Throws `InvalidOptionError` with Docker's words.
 */
export function parseBind(specification: string, volumeDriver: string): RequestedMount {
  const parts = specification.split(':');
  if (parts.length > 3 || parts.some((part) => part === '') || specification.includes('\0')) {
    throw invalid(specification);
  }
  const [first = '', second, mode = ''] = parts;
  if (second === undefined) {
    return volume({ name: undefined, driver: volumeDriver, destination: first, mode: '' }, specification);
  }
  if (parts.length === 2 && isMode(second)) throw invalid(specification);
  if (mode !== '' && !isMode(mode)) throw new InvalidOptionError(`invalid mode: ${mode}`);
  if (!first.startsWith('/')) {
    checkVolumeName(first, volumeDriver);
    return volume({ name: first, driver: volumeDriver, destination: second, mode }, specification);
  }
  const words = mode.split(',');
  if (words.includes('nocopy')) throw new InvalidOptionError(`invalid mode: ${mode}`);
  return {
    type: 'bind',
    source: first,
    destination: mountDestination(second, place(specification, 'bind')),
    mode,
    readOnly: words.includes('ro'),
    propagation: bindPropagation(words.find((word) => propagations.has(word))),
    recursive: true,
    createSource: true,
  };
}

function volume(
  {
    name,
    driver,
    destination,
    mode,
  }: { name: string | undefined; driver: string; destination: string; mode: string },
  specification: string,
): RequestedMount {
  const words = mode.split(',');
  if (words.some((word) => propagations.has(word))) throw new InvalidOptionError(`invalid mode: ${mode}`);
  return {
    type: 'volume',
    name,
    driver,
    options: {},
    destination: mountDestination(destination, place(specification, 'volume')),
    mode: mode === '' ? 'z' : mode,
    readOnly: words.includes('ro'),
    copyUp: !words.includes('nocopy'),
    labels: {},
  };
}

/** Docker's rule: each kind of word once. SELinux's `z` and `Z` change nothing on a host without it. */
function isMode(mode: string): boolean {
  const kinds = mode.split(',').map((word) => {
    if (word === 'ro' || word === 'rw') return 'access';
    if (word === 'z' || word === 'Z') return 'label';
    if (word === 'nocopy') return 'copy';
    if (propagations.has(word)) return 'propagation';
    return consistencies.has(word) ? 'consistency' : undefined;
  });
  return kinds.every((kind) => kind !== undefined) && new Set(kinds).size === kinds.length;
}

function place(specification: string, type: 'bind' | 'volume'): string {
  return `invalid volume specification: '${specification}': invalid mount config for type "${type}": `;
}

function invalid(specification: string): InvalidOptionError {
  return new InvalidOptionError(`invalid volume specification: '${specification}'`);
}
