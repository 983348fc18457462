import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { loadAllTables } from '../../grammar/root-table.ts';
import { completionScript } from './completion-script.ts';

const tables = await loadAllTables();

/** What bash offers for the last word. */
function complete(...words: string[]): string[] {
  const ask = 'eval "$(cat)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gantry; echo "${COMPREPLY[*]}"';
  const input = completionScript('bash', tables);
  return execFileSync('bash', ['-c', ask, 'bash', ...words], { input, encoding: 'utf8' })
    .trim()
    .split(' ');
}

test('bash completes commands, groups, subcommands and flags', () => {
  assert.deepEqual(complete('gantry', 'co'), ['commit', 'completion', 'config', 'container', 'context']);
  assert.deepEqual(complete('gantry', 'network', 'c'), ['connect', 'create']);
  assert.deepEqual(complete('gantry', 'run', '--pid'), ['--pid', '--pids-limit']);
  assert.deepEqual(complete('gantry', '--debug', 'container', 'ls', '--f'), ['--filter', '--format']);
});

test('every script names every command that is not hidden', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionScript(shell, tables);
    for (const { path, hidden } of tables)
      assert.equal(script.includes(path), hidden !== true, `${shell} ${path}`);
  }
});
