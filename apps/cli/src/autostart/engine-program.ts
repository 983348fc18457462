import { existsSync } from 'node:fs';
import path from 'node:path';

/** A program to start, and what it needs in front of its own arguments. */
export interface EngineProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * gantryd: what `GANTRYD` names, else the one beside this program (in a bundle, or in a checkout). A script is run by
 * the Node that runs us. Undefined when there is none.
 */
export function findEngineProgram(named: string | undefined, directory: string): EngineProgram | undefined {
  return findProgram(named, directory, { bundle: 'gantryd.js', app: 'daemon' });
}

/** The same of another program of ours. */
export function findProgram(
  named: string | undefined,
  directory: string,
  { bundle, app }: { bundle: string; app: string },
): EngineProgram | undefined {
  const candidates = named
    ? [named]
    : [path.join(directory, bundle), path.resolve(directory, '../..', app, 'src/main.ts')];
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  return /\.[cm]?[jt]s$/.test(file)
    ? { command: process.execPath, args: [file] }
    : { command: file, args: [] };
}
