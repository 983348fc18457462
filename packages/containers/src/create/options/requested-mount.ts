import path from 'node:path';
import { InvalidOptionError } from '../../errors.ts';
import type { BindPropagation, ReadOnlyBelow } from '../../state/container-record.ts';

/** A mount point as asked for, before volumes are made. */
export type RequestedMount =
  | {
      type: 'bind';
      source: string;
      destination: string;
      mode: string;
      readOnly: boolean;
      readOnlyBelow?: ReadOnlyBelow;
      /** Undefined when the user leaves it to the engine. */
      propagation: BindPropagation | undefined;
      recursive: boolean;
      /** A missing source is made as a directory; otherwise it is an error. */
      createSource: boolean;
    }
  | {
      type: 'volume';
      /** Undefined for an anonymous volume. */
      name: string | undefined;
      /** Empty where nothing is said: whatever has a volume of that name, or else the local driver. */
      driver: string;
      /** The driver's. */
      options: Readonly<Record<string, string>>;
      destination: string;
      mode: string;
      readOnly: boolean;
      copyUp: boolean;
      labels: Readonly<Record<string, string>>;
      subpath?: string;
    }
  | { type: 'image'; reference: string; destination: string; subpath?: string }
  | { type: 'tmpfs'; destination: string; options: readonly string[] };

/**
 * Where a mount may lie: absolute, not `/`, made shortest. `place` is what the message begins with: of what kind of mount it speaks, and where
 * that was written.
 */
export function mountDestination(destination: string, place: string = ''): string {
  if (!path.posix.isAbsolute(destination)) {
    throw new InvalidOptionError(`${place}invalid mount path: '${destination}' mount path must be absolute`);
  }
  const normal = path.posix.normalize(destination);
  const shortest = normal.length > 1 ? normal.replace(/\/+$/, '') : normal;
  if (shortest === '/') {
    throw new InvalidOptionError(`${place}invalid specification: destination can't be '/'`);
  }
  return shortest;
}

/** Docker's rule for names of local volumes; throws `InvalidOptionError` with Docker's words. Other drivers have their own. */
export function checkVolumeName(name: string, driver: string): void {
  if (driver !== '' && driver !== 'local') return;
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255) return;
  throw new InvalidOptionError(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" ` +
      'are allowed. If you intended to pass a host directory, use absolute path',
  );
}

const propagations: readonly BindPropagation[] = [
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
];

/** Undefined where nothing is said. Throws `InvalidOptionError`. */
export function bindPropagation(given: string | undefined): BindPropagation | undefined {
  if (given === undefined || given === '') return undefined;
  const known = propagations.find((word) => word === given);
  if (known !== undefined) return known;
  throw new InvalidOptionError(`invalid propagation mode: ${given}`);
}

/** A place inside a volume or image; undefined for all of it. Throws `InvalidOptionError` with Docker's words. */
export function mountSubpath(given: string | undefined, type: 'volume' | 'image'): string | undefined {
  if (given === undefined || given === '') return undefined;
  const climbs = given.split('/').includes('..');
  if (!climbs && !given.startsWith('/') && !given.includes('\0')) return given;
  throw new InvalidOptionError(
    `invalid mount config for type "${type}": subpath must be a relative path within the ${type}`,
  );
}
