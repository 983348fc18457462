import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HostConfig } from '@gantry/api-types';
import { loadBusybox } from '../support/busybox-image.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const mib = 1024 * 1024;
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** What the client sent may be wrong in ways that the API's file has no words for. */
const wrong: readonly [host: object, message: string][] = [
  [{ Isolation: 'process' }, `invalid isolation (process): linux only supports 'default'`],
  [{ IOMaximumIOps: 1 }, 'Invalid QoS settings: linux does not support configuration of maximum IOPs'],
  [
    { IOMaximumBandwidth: 1 },
    'Invalid QoS settings: linux does not support configuration of maximum bandwidth',
  ],
  [{ Memory: 1000 }, 'Minimum memory limit allowed is 6MB'],
  [
    { Memory: 64 * mib, MemorySwap: 32 * mib },
    'Minimum memoryswap limit should be larger than memory limit, see usage',
  ],
  [{ CpuPeriod: 1 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ CgroupnsMode: 'nope' }, 'invalid cgroup namespace mode: nope'],
  [{ IpcMode: 'container:nobody' }, 'No such container: nobody'],
  [{ PidMode: 'container:nobody' }, 'No such container: nobody'],
  [{ Mounts: [{ Type: 'nope', Target: '/b' }] }, 'invalid mount config for type "nope": mount type unknown'],
  [
    { Mounts: [{ Type: 'volume', Target: 'b' }] },
    `invalid mount config for type "volume": invalid mount path: 'b' mount path must be absolute`,
  ],
  [
    { Binds: ['/a:b'] },
    `invalid volume specification: '/a:b': invalid mount config for type "bind": ` +
      `invalid mount path: 'b' mount path must be absolute`,
  ],
  [
    { Binds: ['/a:/'] },
    `invalid volume specification: '/a:/': invalid mount config for type "bind": ` +
      `invalid specification: destination can't be '/'`,
  ],
  [{ Tmpfs: { x: '' } }, `invalid mount path: 'x' mount path must be absolute`],
  [{ PortBindings: { '99999/tcp': [{}] } }, 'invalid port specification: "99999"'],
  [{ SecurityOpt: ['nope'] }, 'invalid --security-opt 1: "nope"'],
];

test('what cannot be is refused when a container is made, in dockerd’s words', async () => {
  for (const [host, message] of wrong) {
    const request = { Image: image, Cmd: ['true'], HostConfig: host as HostConfig };
    // dockerd calls some of them its own failure.
    await assert.rejects(
      daemon.api.json({ method: 'POST', path: '/containers/create', json: request }),
      (error: Error) => error.message.includes(message),
      JSON.stringify(host),
    );
  }
});

test('a restart policy that there is not is refused when a container is made', async () => {
  const finished = await daemon.docker(['create', '--restart', 'nope', image]);
  assert.notEqual(finished.exitCode, 0);
  assert.match(
    finished.stderr,
    peer === undefined
      ? /invalid restart policy: unknown policy 'nope'; use one of/
      : /invalid restart policy 'nope'/,
  );
});
