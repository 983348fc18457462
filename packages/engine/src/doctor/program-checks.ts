import { findProgram } from '../find-program.ts';
import { findInitProgram } from '../init-program.ts';
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
  { programs: ['mmdebstrap'], state: 'warn', why: 'mirror/debian and mirror/ubuntu' },
  { programs: ['xz'], state: 'warn', why: 'import of xz archives' },
];

/** Looks for the programs that Gantry runs, in `searchPath` (the value of PATH). */
export function programChecks(searchPath: string): HealthCheck[] {
  const programs = needs.map((need) => ({
    name: need.programs.join(' or '),
    examine: () => Promise.resolve(examine(need, searchPath)),
  }));
  const examineInit = (): Promise<Finding> => Promise.resolve(examineInitProgram(searchPath));
  return [...programs, { name: 'init program', examine: examineInit }];
}

function examine(need: ProgramNeed, searchPath: string): Finding {
  for (const program of need.programs) {
    const found = findProgram(program, searchPath);
    if (found !== undefined) return { state: 'ok', message: found };
  }
  return { state: need.state, message: `not found; needed for ${need.why}` };
}

function examineInitProgram(searchPath: string): Finding {
  const program = findInitProgram(searchPath, undefined);
  if ('path' in program) return { state: 'ok', message: program.path };
  return { state: 'warn', message: `${program.problem}; needed for run --init` };
}
