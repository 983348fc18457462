import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@gantry/base';
import { FakePlugin, type PluginReply } from '../testing/index.ts';
import { PluginClient } from './plugin-client.ts';

async function withPlugin(
  reply: (method: string) => PluginReply | undefined,
  use: (client: PluginClient, plugin: FakePlugin) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync('/tmp/gantry-plugin-');
  const socketPath = path.join(folder, 'p.sock');
  try {
    await using plugin = await FakePlugin.start(socketPath, ['VolumeDriver'], reply);
    await use(new PluginClient('p', { address: () => ({ kind: 'unix', socketPath }) }), plugin);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a plugin is asked once what it is, and then what is wanted', () =>
  withPlugin(
    () => undefined,
    async (client, plugin) => {
      plugin.reply = (method) => (method === 'VolumeDriver.Get' ? { Volume: { Name: 'a' } } : undefined);
      const question = { Name: 'a' };
      assert.deepEqual(await client.call('VolumeDriver', 'VolumeDriver.Get', question), { Volume: question });
      await client.call('VolumeDriver', 'VolumeDriver.Get', question);
      assert.deepEqual(plugin.methods, ['Plugin.Activate', 'VolumeDriver.Get', 'VolumeDriver.Get']);
      assert.deepEqual(plugin.asked[1]?.question, question);
    },
  ));

test('a plugin of another role is refused, and a method that it lacks is told apart', () =>
  withPlugin(
    () => undefined,
    async (client) => {
      await assert.rejects(client.call('authz', 'AuthZPlugin.AuthZReq', {}), {
        message: 'plugin does not implement the requested driver: authz',
      });
      await assert.rejects(client.call('VolumeDriver', 'VolumeDriver.Capabilities', {}), {
        name: 'PluginMethodMissingError',
      });
    },
  ));

test('errors in its own words, cut connections, nonsense and floods are one kind of error', async () => {
  const cases: [PluginReply, RegExp][] = [
    [{ status: 500, text: '{"Err":"disk on fire"}' }, /^VolumeDriver\.Get: disk on fire$/],
    [{ status: 503, text: 'come back later' }, /^VolumeDriver\.Get: come back later$/],
    [{ status: 200, text: '[1]' }, /^VolumeDriver\.Get: its answer is no JSON object$/],
    [{ status: 200, text: '{"a' }, /^VolumeDriver\.Get: /],
    [
      { status: 200, text: 'x'.repeat(2_000_000) },
      /^VolumeDriver\.Get: an answer of more than 1048576 bytes$/,
    ],
    ['silence', /^VolumeDriver\.Get: /],
  ];
  for (const [said, message] of cases) {
    await withPlugin(
      (method) => (method === 'Plugin.Activate' ? undefined : said),
      async (client) => {
        const failed = client.call('VolumeDriver', 'VolumeDriver.Get', {});
        await assert.rejects(failed, { code: 'plugin-failed', message });
      },
    );
  }
});

test('a plugin that never answers is given up', () =>
  withPlugin(
    () => undefined,
    async (client, plugin) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      plugin.reply = () => promise;
      await assert.rejects(client.roles({ timeoutMs: 20 }), /no answer within 0\.02 seconds/);
      resolve(undefined);
    },
  ));

test('a patient call waits until somebody listens, and another does not', () =>
  withPlugin(
    () => undefined,
    async (_, plugin) => {
      const { socketPath } = plugin;
      await plugin.stop();
      const sleeps: number[] = [];
      const clock = {
        ...systemClock,
        sleep: async (ms: number): Promise<void> => {
          sleeps.push(ms);
          if (sleeps.length === 2) await plugin.listen();
        },
      };
      const client = new PluginClient('p', { address: () => ({ kind: 'unix', socketPath }), clock });
      await assert.rejects(client.roles(), /^PluginFailedError: Plugin\.Activate: connect ENOENT/);
      assert.deepEqual(await client.roles({ patient: true }), ['VolumeDriver']);
      assert.deepEqual(sleeps, [100, 200]);
    },
  ));
