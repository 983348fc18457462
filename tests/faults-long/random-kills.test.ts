import { test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtRandom } from '../support/random-kills.ts';
import { TestDaemon } from '../support/test-daemon.ts';

test('kill -9 of gantryd at 100 random moments of a mixed workload undoes nothing that was acknowledged', {
  timeout: 600_000,
}, async () => {
  await using daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  await killAtRandom(daemon, 100, 1 + Math.floor(Math.random() * 2 ** 31));
});
