import type { Output } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import { failureText } from '../print-failure.ts';

export interface ForEachOptions {
  readonly stdout: Output;
  /** Failures that are printed and do not count. */
  readonly forgives?: (error: unknown) => boolean;
  readonly stderr?: Output;
  /** What is printed for a name that went well; the name itself when missing. */
  readonly print?: (name: string) => string;
}

const parallel = 50;

/**
 * Does `action` for every name, many at once, and prints the names that went well in the order given. Throws
 * `CommandError` with all failures at the end.
 */
export async function forEachName(
  names: readonly string[],
  action: (name: string) => Promise<unknown>,
  { stdout, stderr, forgives = () => false, print = (name) => `${name}\n` }: ForEachOptions,
): Promise<void> {
  const failures: string[] = [];
  for (let from = 0; from < names.length; from += parallel) {
    const batch = names.slice(from, from + parallel);
    const running = batch.map((name) =>
      action(name).then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
    );
    for (const [index, outcome] of running.entries()) {
      const failed = await outcome;
      if (failed === undefined) stdout.write(print(batch[index] ?? ''));
      else if (forgives(failed.error)) stderr?.write(`${failureText(failed.error)}\n`);
      else failures.push(failureText(failed.error));
    }
  }
  if (failures.length > 0) throw new CommandError(1, failures.join('\n'));
}
