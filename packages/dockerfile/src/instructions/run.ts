import { SyntaxProblem } from '../errors.ts';
import type { Statement } from '../text/statements.ts';
import { readJsonForm } from '../words/json-form.ts';
import { readFlags } from './flags.ts';
import type { CommandLine, RunInstruction, Written } from './instruction.ts';
import { readRunDevice } from './run-device.ts';
import { checkMountSource } from './run-mount.ts';

const flagNames = { mount: 'list', network: 'text', security: 'text', device: 'list' } as const;
const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

/** Reads RUN. Throws `SyntaxProblem` in BuildKit's words. */
export function readRun(statement: Statement, written: Written): RunInstruction {
  const flags = readFlags(statement.flags, flagNames);
  const mounts = flags.list('mount');
  for (const mount of mounts) checkMountSource(mount);
  const chosen = <T extends string>(name: 'network' | 'security', options: readonly T[], initial: T): T => {
    const text = flags.text(name).toLowerCase();
    if (text === '') return initial;
    const found = options.find((option) => option === text);
    if (found !== undefined) return found;
    const shown = JSON.stringify(flags.text(name));
    throw new SyntaxProblem(
      name === 'network' ? `invalid network mode ${shown}` : `security ${shown} is not valid`,
    );
  };
  return {
    ...written,
    name: 'RUN',
    ...readCommandLine(statement),
    mounts,
    network: chosen('network', networks, 'default'),
    security: chosen('security', securities, 'sandbox'),
    devices: flags.list('device').map(readRunDevice),
  };
}

/** Reads a command in either form. Throws `SyntaxProblem`. */
export function readCommandLine(statement: Statement): CommandLine {
  const { text, heredocs } = statement;
  const words = readJsonForm(text);
  if (words !== undefined) return { words, shell: false, heredocs: [] };
  return { words: text === '' ? [] : [text], shell: true, heredocs };
}
