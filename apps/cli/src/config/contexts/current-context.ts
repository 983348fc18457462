import type { FlagValues } from '../../grammar/flag-values.ts';
import type { ConfigFile } from '../config-file.ts';
import { defaultContext } from './context.ts';

export interface ContextSources {
  readonly flags: FlagValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: ConfigFile;
}

/**
 * The context in use, in Docker's order: `-c`; `default` when `-H` or an environment variable names the engine;
 * `DOCKER_CONTEXT`; the configuration's `currentContext`; `default`.
 */
export function currentContext({ flags, environment, config }: ContextSources): string {
  if (flags.string('context') !== '') return flags.string('context');
  if (flags.list('host').length > 0 || hostVariable(environment) !== undefined) return defaultContext;
  return environment['DOCKER_CONTEXT'] || config.currentContext || defaultContext;
}

/** The variable that names the engine, whatever the context. */
export function hostVariable(
  environment: ContextSources['environment'],
): 'GANTRY_HOST' | 'DOCKER_HOST' | undefined {
  if (environment['GANTRY_HOST']) return 'GANTRY_HOST';
  return environment['DOCKER_HOST'] ? 'DOCKER_HOST' : undefined;
}
