import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { errorMessage } from '@gantry/base';

/** What a program says of itself. */
export interface ProgramVersion {
  version: string;
  /** Of its sources; empty where it does not say. */
  commit: string;
}

/** Longer than any that only print a line. */
const answerWithinMs = 5000;

/**
 * Asks programs for their `--version`, each once for as long as its file stays the same: `info` is asked for often, and programs are
 * upgraded under a running engine.
 */
export class ProgramVersions {
  readonly #known = new Map<string, { changedMs: number; said: ProgramVersion }>();

  /** `version` says why where it could not be asked. */
  of(program: string): ProgramVersion {
    try {
      const changedMs = statSync(program).mtimeMs;
      const known = this.#known.get(program);
      if (known?.changedMs === changedMs) return known.said;
      const said = parseProgramVersion(
        execFileSync(program, ['--version'], { encoding: 'utf8', timeout: answerWithinMs }),
      );
      this.#known.set(program, { changedMs, said });
      return said;
    } catch (error) {
      return { version: `unknown: ${errorMessage(error)}`, commit: '' };
    }
  }
}

/** Of `crun version 1.8.1` with a line `commit: f8a096b`, or of tini's `tini version 0.19.0 - git.de40ad0`. */
export function parseProgramVersion(text: string): ProgramVersion {
  const [first = ''] = text.split('\n', 1);
  const [, named = first, , git] = /^(.*?)( - git\.(\S+))?\s*$/.exec(first) ?? [];
  const [, commit = git ?? ''] = /^commit: *(\S+)$/m.exec(text) ?? [];
  return { version: named.trim().split(' ').at(-1) ?? '', commit };
}
