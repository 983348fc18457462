/**
 * gantry: the command line. Switches the compile cache on before more is loaded: this file itself is compiled at each start.
 * A plain `gantry ps` has a way of its own. Ends the process with the command's exit code.
 */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { processOutput } from '@gantry/terminal';
import type { QuickWords } from './quick-list.ts';

function startCompileCache(): void {
  if (!import.meta.filename.endsWith('.js')) return;
  const { XDG_CACHE_HOME, HOME } = process.env;
  const directories = [path.join(import.meta.dirname, '.compile-cache')];
  if (XDG_CACHE_HOME || HOME) directories.push(path.join(XDG_CACHE_HOME || `${HOME}/.cache`, 'gantry'));
  for (const directory of directories) {
    if (enableCompileCache(directory).status !== compileCacheFailed) return;
  }
}

const compileCacheFailed = 0;

async function main(): Promise<void> {
  startCompileCache();
  const words = process.argv.slice(2);
  const quick = quickWords(words);
  if (quick !== undefined) {
    const { quickList } = await import('./quick-list.ts');
    if (await quickList(quick, process.env, processOutput(1)).catch(() => false)) process.exit(0);
  }
  const { runCli } = await import('./run-cli.ts');
  process.exit(
    await runCli({ words, environment: process.env, stdout: processOutput(1), stderr: processOutput(2) }),
  );
}

/** The words of `quickList`, when they are nothing else. */
function quickWords(words: readonly string[]): QuickWords | undefined {
  const host = words[0] === '-H' ? words[1] : undefined;
  const [command, ...flags] = host === undefined ? words : words.slice(2);
  if (command !== 'ps' || !flags.every((flag) => flag === '-a' || flag === '-q' || flag === '-aq'))
    return undefined;
  const has = (letter: string): boolean => flags.some((flag) => flag.includes(letter));
  return { host, all: has('a'), quiet: has('q') };
}

void main();
