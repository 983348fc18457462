import { existsSync } from 'node:fs';
import { InvalidOptionError } from '../../../errors.ts';

/** Where journald takes entries by its native protocol (systemd, "Native Journal Protocol"). */
export const journaldSocketPath = '/run/systemd/journal/socket';

/** Throws `InvalidOptionError`, in Docker's words, on a host without journald. */
export function checkJournald(): void {
  if (!existsSync(journaldSocketPath)) {
    throw new InvalidOptionError('failed to initialize logging driver: journald is not enabled on this host');
  }
}
