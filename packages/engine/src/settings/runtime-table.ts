import { EngineError } from '@gantry/base';
import type { RuntimeChoice, RuntimeTable } from '@gantry/runtime';
import { findProgram } from '../find-program.ts';
import type { EngineSettings } from './engine-settings.ts';

/** Docker's answers to a table of runtimes that cannot be. */
export class RuntimeConfigError extends EngineError {
  override readonly name = 'RuntimeConfigError';
  constructor(message: string) {
    super('invalid', 'runtime-config', message);
  }
}

/** Those that every engine has, where they are installed; the first is the default. */
const builtIn = ['crun', 'runc'] as const;

/**
 * All runtimes by name. A default that is a path is one by itself, called by its file's name. Throws `RuntimeConfigError`
 * for a default that does not exist, and for a name that is reserved.
 */
export function runtimeTable(
  { runtimes, defaultRuntime }: Pick<EngineSettings, 'runtimes' | 'defaultRuntime'>,
  searchPath: string,
): RuntimeTable {
  const table: Record<string, RuntimeChoice> = {};
  for (const name of builtIn) {
    const program = findProgram(name, searchPath);
    if (program !== undefined) table[name] = { path: program };
  }
  for (const [name, choice] of Object.entries(runtimes)) {
    if (builtIn.some((reserved) => reserved === name)) {
      throw new RuntimeConfigError(`runtime name '${name}' is reserved`);
    }
    if (choice.path === '') throw new RuntimeConfigError(`invalid runtime ${name}: path is required`);
    table[name] = choice;
  }
  if (defaultRuntime.startsWith('/')) {
    const name = defaultRuntime.slice(defaultRuntime.lastIndexOf('/') + 1);
    table[name] = { path: defaultRuntime };
    return { runtimes: table, defaultName: name };
  }
  const defaultName =
    defaultRuntime === '' ? (builtIn.find((name) => name in table) ?? 'crun') : defaultRuntime;
  if (defaultRuntime !== '' && !Object.hasOwn(table, defaultName)) {
    throw new RuntimeConfigError(`specified default runtime '${defaultName}' does not exist`);
  }
  return { runtimes: table, defaultName };
}
