import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import type { ClientDirectory, FileEntry } from '@gantry/builder';
import { type Draft, filesync, fsutil, GrpcClient, implement, serveGrpc } from '@gantry/buildkit';
import { goModeOf } from './go-mode.ts';
import { receiveDirectory } from './receive-directory.ts';

type Packet = Draft<fsutil.Packet>;
const { stat, data, fin, error } = fsutil.PacketType;

/** A client that tells these packets at once, and sends `content` for every file that is asked for. */
function clientOf(
  packets: readonly Packet[],
  content = 'content',
): { directory: ClientDirectory; asked: number[] } {
  const [near, far] = duplexPair();
  const asked: number[] = [];
  const service = implement(filesync.FileSync, {
    diffCopy: async (messages) => {
      for (const packet of packets) await messages.send(packet);
      for await (const { type, id } of messages) {
        if (type === fin) return await messages.send({ type: fin });
        asked.push(id);
        await messages.send({ type: data, id, data: Buffer.from(content) });
        await messages.send({ type: data, id });
      }
    },
  });
  serveGrpc(far, { services: [service], logger: silentLogger });
  const wish = { include: [], exclude: [], follow: [] };
  const { signal } = new AbortController();
  return { directory: receiveDirectory(new GrpcClient(near), { name: 'context', wish, signal }), asked };
}

function entry(path: string, kind: FileEntry['kind'] = 'file'): Packet {
  return { type: stat, stat: { path, mode: goModeOf({ kind, mode: 0o644 }), size: 7, modTime: 5n } };
}

test('lists what the client has, and asks for the files that are read alone', async () => {
  const { directory, asked } = clientOf([entry('a'), entry('d', 'directory'), entry('d/b'), { type: stat }]);
  await using owned = directory;
  const entries = await Array.fromAsync(owned.entries());
  assert.deepEqual(
    entries.map(({ path, kind, sizeBytes, modifiedNs }) => [path, kind, sizeBytes, modifiedNs]),
    [
      ['a', 'file', 7, 5n],
      ['d', 'directory', 0, 5n],
      ['d/b', 'file', 7, 5n],
    ],
  );
  assert.equal(Buffer.concat(await Array.fromAsync(owned.read('d/b'))).toString(), 'content');
  assert.deepEqual(asked, [2]);
});

test('refuses names that lead out of the directory', async () => {
  for (const path of ['../x', '/etc/passwd', 'a/../../x', '..', 'a//b', './a']) {
    await using directory = clientOf([entry(path), { type: stat }]).directory;
    await assert.rejects(Array.fromAsync(directory.entries()), /invalid directory: the name/, path);
  }
});

test('ends with the error that the client tells, and refuses what did not come', async () => {
  await using broken = clientOf([entry('a'), { type: error, data: Buffer.from('disk gone') }]).directory;
  await assert.rejects(Array.fromAsync(broken.entries()), /disk gone/);
  await using directory = clientOf([entry('a'), { type: stat }]).directory;
  await Array.fromAsync(directory.entries());
  await assert.rejects(Array.fromAsync(directory.read('b')), /b did not come/);
});
