import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { busyboxImage, loadBusybox } from '../support/busybox-image.ts';
import { run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';

test('docker-py makes networks, volumes and published ports, and understands what is refused', async () => {
  await using daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const script = path.join(repositoryRoot, 'tests/support/docker-py.py');
  // The distribution's Python has the distribution's docker.
  const { stdout, stderr, exitCode } = await run('/usr/bin/python3', [
    script,
    daemon.socketPath,
    busyboxImage,
  ]);
  assert.deepEqual({ stdout, stderr, exitCode }, { stdout: '', stderr: '', exitCode: 0 });
});
