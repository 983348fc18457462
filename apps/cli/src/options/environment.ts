import { CommandError } from '../errors.ts';
import { readLineFile } from './line-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `--env-file` entries, then those of `-e`. `-e NAME` passes the caller's variable on; one that the caller does not
 * have is sent as a bare name, which takes it away from the image's.
 */
export function parseEnvironment(
  files: readonly string[],
  entries: readonly string[],
  environment: Environment,
): string[] {
  const fromFiles = files.flatMap((file) => readLineFile(file, (name) => environment[name]));
  const given = entries.map((entry) => {
    if (entry === '' || entry.startsWith('='))
      throw new CommandError(125, `invalid environment variable: ${entry}`);
    const value = entry.includes('=') ? undefined : environment[entry];
    return value === undefined ? entry : `${entry}=${value}`;
  });
  return [...fromFiles, ...given];
}

/** `--label-file` entries, then those of `-l`. */
export function parseLabels(files: readonly string[], entries: readonly string[]): string[] {
  return [...files.flatMap((file) => readLineFile(file, () => '')), ...entries];
}
