import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Finding, HealthCheck } from './doctor.ts';

interface ProgramNeed {
  /** Any of these will do. */
  programs: readonly string[];
  state: 'warn' | 'fail';
  why: string;
}

const needs: readonly ProgramNeed[] = [
  { programs: ['crun', 'runc'], state: 'fail', why: 'the OCI runtime that starts containers' },
  { programs: ['nft'], state: 'fail', why: 'published ports and outbound NAT' },
  { programs: ['ps'], state: 'warn', why: 'container top' },
  { programs: ['catatonit', 'tini', 'docker-init'], state: 'warn', why: 'run --init' },
  { programs: ['mmdebstrap'], state: 'warn', why: 'mirror/debian and mirror/ubuntu' },
  { programs: ['xz'], state: 'warn', why: 'import of xz archives' },
];

/** Looks for the programs that Gantry runs, in `searchPath` (the value of PATH). */
export function programChecks(searchPath: string): HealthCheck[] {
  return needs.map((need) => ({
    name: need.programs.join(' or '),
    examine: () => Promise.resolve(examine(need, searchPath)),
  }));
}

function examine(need: ProgramNeed, searchPath: string): Finding {
  for (const program of need.programs) {
    const found = findProgram(program, searchPath);
    if (found !== undefined) return { state: 'ok', message: found };
  }
  return { state: need.state, message: `not found; needed for ${need.why}` };
}

/** The program's absolute path, or undefined. */
export function findProgram(program: string, searchPath: string): string | undefined {
  return searchPath
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
