import { randomBytes } from 'node:crypto';
import { InvalidVolumeNameError } from './errors.ts';

/** Longest name of a directory (`NAME_MAX` of every Linux file system that can hold a data root). */
const maxNameLength = 255;

/** Docker's grammar of volume names, in Docker's words. Throws `InvalidVolumeNameError`. */
export function assertVolumeName(name: string): void {
  if (name.length === 1) {
    throw new InvalidVolumeNameError(
      name,
      'volume name is too short, names should be at least two alphanumeric characters',
    );
  }
  if (!isVolumeName(name)) {
    throw new InvalidVolumeNameError(
      name,
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  if (name.length > maxNameLength) {
    throw new InvalidVolumeNameError(
      name,
      `volume name is too long, names have at most ${maxNameLength} characters`,
    );
  }
}

export function isVolumeName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}

/** The name of an anonymous volume: 64 hex digits. */
export function anonymousVolumeName(): string {
  return randomBytes(32).toString('hex');
}
