import { constants } from 'node:fs';
import { Descriptor, openPath, readBounded } from '@gantry/kernel';
import { writeNetworkFile } from '../lifecycle/network-files.ts';

/** A container writes its files as it likes: far more than names take. */
const maxBytes = 1024 * 1024;

/** Changes hosts or resolv.conf of a container that runs, in place. Throws `FileTooLargeError` for one that was blown up. */
export function editNetworkFile(file: string, edit: (text: string) => string): void {
  using opened = new Descriptor(openPath(file, constants.O_RDONLY));
  const text = Buffer.from(readBounded(opened, maxBytes, file)).toString('utf8');
  const edited = edit(text);
  if (edited !== text) writeNetworkFile(file, edited);
}
