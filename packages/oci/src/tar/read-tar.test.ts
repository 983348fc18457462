import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CorruptTarError } from '../errors.ts';
import { readTar } from './read-tar.ts';
import { encodeTarHeader, tarEnd, tarPadding } from './tar-writer.ts';

function archiveOf(...contents: string[]): Buffer {
  const parts = contents.flatMap((content, index) => {
    const input = { type: 'file', name: Buffer.from(`f${index}`), sizeBytes: content.length } as const;
    return [encodeTarHeader(input), Buffer.from(content), tarPadding(content.length)];
  });
  return Buffer.concat([...parts, tarEnd]);
}

async function* pieces(
  bytes: Buffer,
  pieceBytes: number,
  log: { isClosed: boolean },
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  } finally {
    log.isClosed = true;
  }
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('readTar', () => {
  const contents = ['first', '', 'x'.repeat(5000), 'last'];

  for (const pieceBytes of [1, 700, 1 << 20]) {
    it(`gives each member with its content, in pieces of ${pieceBytes}`, async () => {
      const found: string[] = [];
      const log = { isClosed: false };
      for await (const { content } of readTar(pieces(archiveOf(...contents), pieceBytes, log))) {
        found.push(await textOf(content));
      }
      assert.deepEqual(found, contents);
      assert.ok(log.isClosed);
    });
  }

  it('skips content that nobody reads, or nobody reads to its end', async () => {
    const found: string[] = [];
    for await (const { entry, content } of readTar(
      pieces(archiveOf(...contents), 300, { isClosed: false }),
    )) {
      found.push(Buffer.from(entry.name).toString());
      for await (const chunk of content) {
        assert.ok(chunk.length > 0);
        break;
      }
    }
    assert.deepEqual(found, ['f0', 'f1', 'f2', 'f3']);
  });

  it('gives no content of a member twice, or after the next was asked for', async () => {
    const members = readTar(pieces(archiveOf('first', 'second'), 100, { isClosed: false }));
    const first = await members.next();
    assert.ok(first.done !== true);
    assert.equal(await textOf(first.value.content), 'first');
    assert.equal(await textOf(first.value.content), '');
    const second = await members.next();
    assert.ok(second.done !== true);
    assert.equal(await textOf(first.value.content), '');
    assert.equal(await textOf(second.value.content), 'second');
    await members.return();
  });

  it('closes its source when the reader leaves early', async () => {
    const log = { isClosed: false };
    for await (const member of readTar(pieces(archiveOf(...contents), 100, log))) {
      assert.ok(member.entry.type === 'file');
      break;
    }
    assert.ok(log.isClosed);
  });

  it('throws where the archive is cut, while the content is read', async () => {
    const archive = archiveOf('x'.repeat(5000)).subarray(0, 2000);
    const read = async (): Promise<void> => {
      for await (const { content } of readTar(pieces(archive, 512, { isClosed: false })))
        await textOf(content);
    };
    await assert.rejects(read, CorruptTarError);
  });
});
