import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFailure } from './start-failure.ts';

/** What each runtime writes to its log, for `["cmd"]`; exit code and the part of the message that Docker's CLI looks for. */
const said: [string, string, number, string][] = [
  [
    'crun',
    'executable file `cmd` not found in $PATH: No such file or directory',
    127,
    'executable file not found in $PATH',
  ],
  ['crun', 'open executable: Permission denied', 126, 'permission denied'],
  ['crun', 'open executable: Operation not permitted', 126, 'is a directory: permission denied'],
  ['crun', 'exec: Exec format error', 126, 'exec format error'],
  [
    'crun',
    'chdir `/x`: No such file or directory',
    127,
    'chdir to cwd ("/x") set in config.json failed: no such file',
  ],
  ['crun', 'chdir `/x`: Not a directory', 126, 'not a directory'],
  [
    'crun',
    'chdir `/x`: Permission denied',
    126,
    'chdir to cwd ("/x") set in config.json failed: permission denied',
  ],
  [
    'runc',
    'time="2026-01-01T00:00:00Z" level=error msg="runc run failed: unable to start container process: exec: \\"cmd\\": executable file not found in $PATH"',
    127,
    'executable file not found in $PATH',
  ],
  [
    'runc',
    'time="2026-01-01T00:00:00Z" level=error msg="runc run failed: unable to start container process: exec: \\"cmd\\": permission denied"',
    126,
    'permission denied',
  ],
  [
    'crun',
    'mount `proc` to `proc`: Operation not permitted',
    128,
    'mount `proc` to `proc`: Operation not permitted',
  ],
  ['crun', '', 128, 'ended with no exit code and said nothing'],
];

for (const [program, log, exitCode, part] of said) {
  test(`${program} says ${JSON.stringify(log.slice(0, 60))}: ${exitCode}`, () => {
    const error = startFailure(log, program, { action: 'create', args: ['cmd'], subject: 'c1' });
    assert.equal(error.exitCode, exitCode);
    assert.ok(error.message.includes(part), error.message);
    assert.ok(
      error.message.startsWith(
        'failed to create task for container: failed to create shim task: OCI runtime create failed:',
      ),
      error.message,
    );
  });
}

test('an absolute command that is missing is named as such', () => {
  const log = 'executable file `/bin/cmd` not found in $PATH: No such file or directory';
  const error = startFailure(log, 'crun', { action: 'exec', args: ['/bin/cmd'], subject: 'x1' });
  assert.equal(
    error.message,
    'OCI runtime exec failed: crun exec failed: unable to start container process: exec: "/bin/cmd": stat /bin/cmd: no such file or directory: unknown',
  );
});
