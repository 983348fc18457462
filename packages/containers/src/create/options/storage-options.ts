import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';
import { mountHolder } from './mount-holder.ts';

/**
 * Refuses `--storage-opt`: `size` needs project quotas of the data root's file system, and says so where they are off. Throws
 * `InvalidOptionError`, `OptionNotBuiltError`.
 */
export function checkStorageOptions(
  options: Readonly<Record<string, string>> | null | undefined,
  dataRoot: string,
): void {
  for (const [name, value] of Object.entries(options ?? {})) {
    if (name.toLowerCase() !== 'size') {
      throw new InvalidOptionError(`unknown option ${name} for storage driver overlay2`);
    }
    const holder = mountHolder(dataRoot);
    if (/\b(?:pquota|prjquota)\b/.test(holder.superOptions)) {
      throw new OptionNotBuiltError('HostConfig.StorageOpt', `size=${value}`);
    }
    throw new InvalidOptionError(
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option: " +
        `the data root lies on ${holder.target}, which is ${holder.type} without project quotas`,
      { option: 'HostConfig.StorageOpt' },
    );
  }
}
