import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { errorMessage } from '@gantry/base';
import { CommandLineError } from '../command-line-error.ts';

interface Parsing<T extends ParseArgsOptionsConfig> {
  args: string[];
  allowPositionals: true;
  options: T;
}

/** The options of a command and its other words. Throws `CommandLineError`. */
export function parseOptions<T extends ParseArgsOptionsConfig>(
  words: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Parsing<T>>> {
  try {
    return parseArgs<Parsing<T>>({ args: [...words], allowPositionals: true, options });
  } catch (error) {
    throw new CommandLineError(errorMessage(error));
  }
}
