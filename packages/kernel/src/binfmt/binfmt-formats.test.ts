import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { binaryFormats, takesProgram } from './binfmt-formats.ts';

const aarch64 = `enabled
interpreter /usr/bin/qemu-aarch64-static
flags: OCF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;

test('reads what is registered, enabled and told by magic numbers', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'binfmt-'));
  try {
    writeFileSync(path.join(directory, 'qemu-aarch64'), aarch64);
    writeFileSync(path.join(directory, 'off'), aarch64.replace('enabled', 'disabled'));
    writeFileSync(
      path.join(directory, 'jar'),
      'enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n',
    );
    writeFileSync(path.join(directory, 'status'), 'enabled\n');
    const [format, ...more] = binaryFormats(directory);
    assert.deepEqual(more, []);
    assert.ok(format?.isFixed);
    assert.equal(format.interpreter, '/usr/bin/qemu-aarch64-static');
    const program = Buffer.from('7f454c460201010300000000000000000300b70001000000', 'hex');
    assert.ok(takesProgram(format, program));
    program.writeUInt16LE(62, 18);
    assert.ok(!takesProgram(format, program));
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.deepEqual(binaryFormats('/nonexistent'), []);
});
