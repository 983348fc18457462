/**
 * gantry: the command line. Switches a cache of compiled code on before more is loaded: this file itself is compiled at each
 * start. A plain `gantry ps` has a way of its own. Ends the process with the command's exit code.
 */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { processOutput } from '@gantry/terminal';
import type { QuickWords, quickList } from './quick-list.ts';
import type { runCli } from './run-cli.ts';
import { loadWarmChunk } from './warm-chunk.ts';

type RunCliModule = { runCli: typeof runCli };
type QuickListModule = { quickList: typeof quickList };

/** What is run again and again, and does well with a cache of its own. */
const warmCommands: readonly string[] = ['run', 'exec', 'ps'];
const isBundled = import.meta.filename.endsWith('.js');
const compileCacheFailed = 0;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const { host, rest } = splitHost(words);
  const quick = quickWords(host, rest);
  if (quick !== undefined) await listQuickly(quick);
  const command = rest[0] ?? '';
  const surroundings = {
    words,
    environment: process.env,
    stdout: processOutput(1),
    stderr: processOutput(2),
  };
  if (isBundled && warmCommands.includes(command)) {
    const { exports, keep } = load<RunCliModule>('cli-run-cli', command);
    const exitCode = await exports.runCli(surroundings);
    if (exitCode === 0) keep();
    process.exit(exitCode);
  }
  if (isBundled) startCompileCache();
  const usual = await import('./run-cli.ts');
  process.exit(await usual.runCli(surroundings));
}

/** Ends the process when it could do it. */
async function listQuickly(quick: QuickWords): Promise<void> {
  const warm = isBundled ? load<QuickListModule>('cli-quick-list', 'ps') : undefined;
  const usual = warm?.exports ?? (await import('./quick-list.ts'));
  if (!(await usual.quickList(quick, process.env, processOutput(1)).catch(() => false))) return;
  warm?.keep();
  process.exit(0);
}

function load<Exports>(chunk: string, command: string): ReturnType<typeof loadWarmChunk<Exports>> {
  const file = path.join(import.meta.dirname, 'chunks', `${chunk}.js`);
  return loadWarmChunk<Exports>(file, { name: `${chunk}.${command}`, directories: cacheDirectories() });
}

function startCompileCache(): void {
  for (const directory of cacheDirectories()) {
    if (enableCompileCache(directory).status !== compileCacheFailed) return;
  }
}

function cacheDirectories(): string[] {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const directories = [path.join(import.meta.dirname, '.compile-cache')];
  if (XDG_CACHE_HOME || HOME) directories.push(path.join(XDG_CACHE_HOME || `${HOME}/.cache`, 'gantry'));
  return directories;
}

/** The engine that is named in front of the command, and the command's words. */
function splitHost(words: readonly string[]): { host: string | undefined; rest: readonly string[] } {
  return words[0] === '-H' ? { host: words[1], rest: words.slice(2) } : { host: undefined, rest: words };
}

/** The words of `quickList`, when they are nothing else. */
function quickWords(
  host: string | undefined,
  [command, ...flags]: readonly string[],
): QuickWords | undefined {
  if (command !== 'ps' || !flags.every((flag) => flag === '-a' || flag === '-q' || flag === '-aq'))
    return undefined;
  const has = (letter: string): boolean => flags.some((flag) => flag.includes(letter));
  return { host, all: has('a'), quiet: has('q') };
}

void main();
