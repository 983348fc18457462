import { errorMessage, parseByteSize } from '@gantry/base';
import { ConfigError } from './config-error.ts';

/**
 * Reads `storage-opts`: dockerd's `overlay2.size=…`, the most bytes that a container may write; the last one wins, 0 is no limit. Throws
 * `ConfigError` for any other, in Docker's words.
 */
export function storageSizeOf(options: readonly string[]): number {
  let sizeBytes = 0;
  for (const option of options) {
    const equals = option.indexOf('=');
    if (equals < 0) throw new ConfigError(`storage-opts: unable to parse key/value option: ${option}`);
    const key = option.slice(0, equals).trim().toLowerCase();
    if (key !== 'overlay2.size') throw new ConfigError(`storage-opts: overlay2: unknown option ${key}`);
    try {
      sizeBytes = parseByteSize(option.slice(equals + 1).trim());
    } catch (error) {
      throw new ConfigError(`storage-opts: ${errorMessage(error)}`, error);
    }
  }
  return sizeBytes;
}
