import path from 'node:path';
import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';

/** A mount point as asked for, before volumes are made. */
export type RequestedMount =
  | {
      type: 'bind';
      source: string;
      destination: string;
      mode: string;
      readOnly: boolean;
      propagation: 'rprivate' | 'private';
      recursive: boolean;
      /** A missing source is made as a directory; otherwise it is an error. */
      createSource: boolean;
    }
  | {
      type: 'volume';
      /** Undefined for an anonymous volume. */
      name: string | undefined;
      destination: string;
      mode: string;
      readOnly: boolean;
      copyUp: boolean;
      labels: Readonly<Record<string, string>>;
    }
  | { type: 'tmpfs'; destination: string; options: readonly string[] };

/** Where a mount may lie: absolute, not `/`, made shortest. `specification` is what the user wrote, for the message. */
export function mountDestination(destination: string, specification: string): string {
  if (!path.posix.isAbsolute(destination)) {
    throw new InvalidOptionError(
      `invalid volume specification: '${specification}': invalid mount path: '${destination}' mount path must be absolute`,
    );
  }
  const normal = path.posix.normalize(destination);
  const shortest = normal.length > 1 ? normal.replace(/\/+$/, '') : normal;
  if (shortest === '/') {
    throw new InvalidOptionError(
      `invalid volume specification: '${specification}': invalid specification: destination can't be '/'`,
    );
  }
  return shortest;
}

/** Docker's rule for names of local volumes; throws `InvalidOptionError` with Docker's words. */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255) return;
  throw new InvalidOptionError(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" ` +
      'are allowed. If you intended to pass a host directory, use absolute path',
  );
}

/** Private propagation is what is built; throws `OptionNotBuiltError` for what Docker knows besides. */
export function bindPropagation(given: string | undefined): 'rprivate' | 'private' {
  if (given === undefined || given === '' || given === 'rprivate') return 'rprivate';
  if (given === 'private') return 'private';
  throw new OptionNotBuiltError('bind propagation', given);
}
