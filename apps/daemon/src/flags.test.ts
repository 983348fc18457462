import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlagError, helpText, parseFlags } from './flags.ts';
import { daemonOptions } from './options.ts';

test('long and short flags take values in all of pflag’s ways', () => {
  const { values } = parseFlags([
    '--data-root=/a',
    '--exec-root',
    '/b',
    '-H',
    'unix:///1',
    '-Hunix:///2',
    '-Dl=warn',
  ]);
  assert.deepEqual(values, {
    'data-root': '/a',
    'exec-root': '/b',
    hosts: ['unix:///1', 'unix:///2'],
    debug: true,
    'log-level': 'warn',
  });
});

test('a flag that gantryd does not have is refused by name', () => {
  assert.throws(() => parseFlags(['--nonsense=false']), new FlagError('unknown flag: --nonsense'));
  assert.throws(
    () => parseFlags(['--cri-containerd']),
    /--cri-containerd is refused: there is no containerd/,
  );
  assert.throws(() => parseFlags(['--userland-proxy']), /--userland-proxy can only be false: the kernel/);
  assert.deepEqual(parseFlags(['--userland-proxy=false', '--storage-driver', 'overlay2', '-D']).values, {
    debug: true,
  });
  assert.throws(() => parseFlags(['-x']), /unknown shorthand flag: 'x' in -x/);
  assert.throws(() => parseFlags(['serve']), /takes no arguments, got 'serve'/);
});

test('a value that is missing or of the wrong shape is refused with the flag’s name', () => {
  assert.throws(() => parseFlags(['--data-root']), /flag needs an argument: --data-root/);
  assert.throws(() => parseFlags(['--debug=maybe']), /invalid argument "maybe" for --debug/);
  assert.throws(() => parseFlags(['--shutdown-timeout', 'soon']), /invalid argument "soon"/);
});

test('the help text has every flag', () => {
  const text = helpText();
  for (const option of daemonOptions) assert.match(text, new RegExp(`--${option.flag}\\b`));
});
