import path from 'node:path';
import { ApiClient } from '@gantry/client';
import type { Output } from '@gantry/terminal';
import { findHandler } from './commands/built-commands.ts';
import { type ConfigFile, readConfigFile } from './config/config-file.ts';
import { customHeaders } from './config/custom-headers.ts';
import { findEngineHost } from './config/engine-host.ts';
import { CommandError, isEngineError, NotBuiltError, UsageError } from './errors.ts';
import { parseFlagSpecs } from './grammar/flag-spec.ts';
import type { FlagValues } from './grammar/flag-values.ts';
import { parseFlags } from './grammar/parse-flags.ts';
import { type Resolved, resolveCommand } from './grammar/resolve-command.ts';
import { globalFlags } from './grammar/root-table.ts';
import type { Invocation } from './invocation.ts';
import { printFailure } from './print-failure.ts';

/** What the process hands in. */
export interface Surroundings {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** Runs one command line to its exit code; failures are printed, never thrown. */
export async function runCli(surroundings: Surroundings): Promise<number> {
  let typed = '';
  let debug = false;
  try {
    const globals = await withUsage('gantry [OPTIONS] COMMAND [ARG...]', () =>
      parseFlags(surroundings.words, parseFlagSpecs(globalFlags), { stopsAtFirstArgument: true }),
    );
    debug = isVerbose(globals.flags);
    const words = globals.args[0] === 'help' ? [...globals.args.slice(1), '--help'] : globals.args;
    if (globals.flags.boolean('version')) return await printVersion(surroundings);
    if (words.length === 0 && !globals.helpWanted) return await printHelp(surroundings.stderr, undefined);
    if (globals.helpWanted || words[0] === '--help') return await printHelp(surroundings.stdout, undefined);
    const resolved = await resolveCommand(words);
    typed = resolved.kind === 'group' ? resolved.name : resolved.typed;
    if (resolved.kind === 'group') return await runGroup(surroundings, resolved);
    return await runCommand(surroundings, globals.flags, resolved);
  } catch (error) {
    return printFailure(error, { name: typed, stderr: surroundings.stderr, debug });
  }
}

/** Throws for a level that is none. Debug and beyond is what `--debug` means. */
function isVerbose(flags: FlagValues): boolean {
  const level = flags.string('log-level').toLowerCase();
  if (level !== '' && !logLevels.includes(level)) {
    throw new CommandError(1, `Unable to parse logging level: ${flags.string('log-level')}`);
  }
  return flags.boolean('debug') || level === 'debug' || level === 'trace';
}

const logLevels: readonly string[] = 'panic fatal error warn warning info debug trace'.split(' ');

async function runCommand(
  surroundings: Surroundings,
  globals: FlagValues,
  resolved: Extract<Resolved, { kind: 'command' }>,
): Promise<number> {
  const { spec, typed, rest } = resolved;
  const usage = `gantry ${typed} ${spec.usage}`.trimEnd();
  return await withUsage(usage, async () => {
    const specs = parseFlagSpecs(spec.flags ?? '');
    const { flags, args, helpWanted } = spec.passesWordsOn
      ? { ...parseFlags([], specs), args: rest }
      : parseFlags(rest, specs, { stopsAtFirstArgument: spec.stopsAtFirstArgument ?? false });
    if (helpWanted) return await printHelp(surroundings.stdout, resolved);
    checkArgumentCount(typed, args.length, spec.arguments);
    const handler = await findHandler(spec.path);
    if (handler === undefined) throw new NotBuiltError(`gantry ${typed}`, insteadOf(spec.path));
    return await handler(invocationOf(surroundings, globals, { name: typed, flags, args }));
  });
}

/** Buildx does what is of its own by gantryd as by any builder. */
function insteadOf(path: string): string | undefined {
  const [group, ...words] = path.split(' ');
  return group === 'builder' ? `docker buildx ${words.join(' ')} works with gantryd` : undefined;
}

/** A group alone prints its help to stderr, as Docker does; asked for, help goes to stdout. */
async function runGroup(
  { stdout, stderr }: Surroundings,
  resolved: Extract<Resolved, { kind: 'group' }>,
): Promise<number> {
  return await withUsage(`gantry ${resolved.name}`, async () => {
    const { helpWanted } = parseFlags(resolved.rest, []);
    return await printHelp(helpWanted ? stdout : stderr, resolved);
  });
}

/** A usage error of `work` gets the usage line to be printed with. */
async function withUsage<T>(usage: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isEngineError(error) && error.code === 'bad-usage') Object.assign(error, { usage });
    throw error;
  }
}

function invocationOf(
  { environment, stdout, stderr }: Surroundings,
  globals: FlagValues,
  line: Pick<Invocation, 'name' | 'flags' | 'args'>,
): Invocation {
  const configDirectory =
    globals.string('config') ||
    environment['DOCKER_CONFIG'] ||
    path.join(environment['HOME'] ?? '/', '.docker');
  let config: ConfigFile | undefined;
  const readConfig = (): ConfigFile => (config ??= readConfigFile(configDirectory));
  const openClient = async (): Promise<ApiClient> => {
    const { address, explicit } = await findEngineHost({
      flags: globals,
      environment,
      configDirectory,
      config: readConfig,
    });
    const version = environment['DOCKER_API_VERSION'] || undefined;
    const startsEngine = !explicit && address.kind === 'unix';
    const onUnreachable = startsEngine
      ? async (): Promise<void> => {
          const { startEngine } = await import('./autostart/start-engine.ts');
          await startEngine({ socketPath: address.path, environment, stderr });
        }
      : undefined;
    const headers = customHeaders(readConfig(), environment);
    return new ApiClient({ address, version, headers, onUnreachable });
  };
  let client: Promise<ApiClient> | undefined;
  return {
    ...line,
    stdout,
    stderr,
    environment,
    debug: isVerbose(globals) || (line.flags.hasIfKnown('debug') && line.flags.boolean('debug')),
    globals,
    configDirectory,
    config: readConfig,
    engine: () => (client ??= openClient()),
  };
}

function checkArgumentCount(typed: string, count: number, [least, most]: readonly [number, number?]): void {
  if (count >= least && count <= (most ?? Number.POSITIVE_INFINITY)) return;
  const plural = (number: number): string => `${number} argument${number === 1 ? '' : 's'}`;
  const wanted =
    most === 0
      ? 'accepts no arguments'
      : most === least
        ? `requires ${plural(least)}`
        : count < least
          ? `requires at least ${plural(least)}`
          : `requires at most ${plural(most ?? 0)}`;
  throw new UsageError(`'gantry ${typed}' ${wanted}`, { exitCode: 1, aboutArguments: true });
}

async function printHelp(output: Output, resolved: Resolved | undefined): Promise<number> {
  const { helpText } = await import('./help/help-text.ts');
  const columns = output.isTerminal ? (process.stdout.columns ?? 80) : 80;
  output.write(await helpText(resolved, columns));
  return 0;
}

async function printVersion({ stdout }: Surroundings): Promise<number> {
  const { programVersion } = await import('./program-version.ts');
  stdout.write(`Gantry version ${programVersion}\n`);
  return 0;
}
