import { errorMessage, parseByteSize } from '@gantry/base';
import { InvalidOptionError } from '../../errors.ts';

/**
 * What `--storage-opt` asks of a container's writable file system: `size`, the most bytes that may be written; 0 is no limit. Undefined
 * when it does not say. Throws `InvalidOptionError`.
 */
export function requestedSize(
  options: Readonly<Record<string, string>> | null | undefined,
): number | undefined {
  let sizeBytes: number | undefined;
  for (const [name, value] of Object.entries(options ?? {})) {
    if (name.toLowerCase() !== 'size') {
      throw new InvalidOptionError(`unknown option ${name} for storage driver overlay2`);
    }
    try {
      sizeBytes = parseByteSize(value);
    } catch (error) {
      throw new InvalidOptionError(errorMessage(error), { option: 'HostConfig.StorageOpt' });
    }
  }
  return sizeBytes;
}
