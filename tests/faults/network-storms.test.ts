import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiError, createContainer, inspectContainer, removeContainer } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const networks = ['one', 'two', 'three'] as const;
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  for (const name of networks) await daemon.ok('network', 'create', name);
});
after(() => daemon[Symbol.asyncDispose]());

test('connecting and disconnecting while it starts, stops and is killed leaves a container as its networks say', async () => {
  for (let round = 0; round < 4; round += 1) {
    const { Id: id } = await createContainer(
      daemon.api,
      { Image: image, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'one' } },
      { name: `storm-${round}` },
    );
    const post = (path: string, json?: object) => (): Promise<unknown> =>
      daemon.api.send({ method: 'POST', path, ...(json && { json }) });
    const change = (verb: string, network: string) =>
      post(`/networks/${network}/${verb}`, { Container: id, Force: true });
    const actions = [
      post(`/containers/${id}/start`),
      ...networks.flatMap((network) => [change('connect', network), change('disconnect', network)]),
      post(`/containers/${id}/kill`),
      post(`/containers/${id}/start`),
    ];
    await settled(
      Array.from({ length: 36 }, (_, index) => actions[(index * 5 + round) % actions.length]?.()),
    );
    await settled([post(`/containers/${id}/start`)()]);
    const { NetworkSettings: settings } = await inspectContainer(daemon.api, id);
    const joined = Object.values(settings?.Networks ?? {});
    const links = await daemon.ok('exec', id, 'ip', '-4', '-o', 'addr', 'show');
    const addresses = [...links.matchAll(/eth\d+ +inet ([\d.]+)/g)].map(([, address]) => address);
    assert.deepEqual(new Set(addresses), new Set(joined.map(({ IPAddress }) => IPAddress)));
    await removeContainer(daemon.api, id, { force: true });
  }
  assert.doesNotMatch(daemon.log, /"level":"(?:error|warn)"[^\n]*"component":"(?:network|containers)"/);
  for (const name of networks) await daemon.ok('network', 'rm', name);
  const checked = await daemon.gantry(['system', 'fsck']);
  assert.equal(checked.exitCode, 0, checked.stdout);
});

/** Whatever is refused is the caller's fault, or told of the network. */
async function settled(calls: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const begun = calls.filter((call) => call !== undefined);
  for (const result of await Promise.allSettled(begun)) {
    if (result.status === 'fulfilled') continue;
    assert.ok(result.reason instanceof ApiError, String(result.reason));
    assert.match(result.reason.message, /is not connected to|already exists in network|is not running/);
  }
}
