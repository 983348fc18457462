import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { BodyAbortedError, BodyTooLargeError, InvalidRequestError } from '../errors.ts';
import { readUpgradeBody } from './upgrade-body.ts';

/** A socket on which the chunks arrive one after the other. */
function socketOf(chunks: readonly Uint8Array[], options: { end: boolean } = { end: false }): Duplex {
  const left = chunks.filter(({ length }) => length > 0);
  return new Duplex({
    read(): void {
      const chunk = left.shift();
      if (chunk !== undefined) setImmediate(() => this.push(chunk));
      else if (options.end) this.push(null);
    },
  });
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const points = [0, ...cuts.map((point) => point % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return points.slice(1).map((end, index) => bytes.subarray(points[index], end));
}

async function rest(socket: Duplex, length: number): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1');
    if (text.length >= length) break;
  }
  return text;
}

const chunked = { 'transfer-encoding': 'chunked' };

describe('readUpgradeBody', () => {
  it('reads exactly the announced length, however it is cut, and leaves the rest in the socket', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary-ascii' }),
        fc.array(fc.nat(), { maxLength: 5 }),
        async (text, cuts) => {
          const bytes = Buffer.from(`${text}after`, 'latin1');
          const socket = socketOf(cut(bytes, cuts));
          const body = await readUpgradeBody(socket, { 'content-length': String(text.length) }, 1000);
          assert.equal(body.toString('latin1'), text);
          assert.equal(await rest(socket, 5), 'after');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads chunks, however they are cut, and leaves the rest in the socket', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary-ascii', minLength: 1 })),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (parts, cuts) => {
          const encoded = parts.map((part) => `${part.length.toString(16)};ext=1\r\n${part}\r\n`).join('');
          const bytes = Buffer.from(`${encoded}0\r\nTrailer: x\r\n\r\nafter`, 'latin1');
          const socket = socketOf(cut(bytes, cuts));
          const body = await readUpgradeBody(socket, chunked, 10_000);
          assert.equal(body.toString('latin1'), parts.join(''));
          assert.equal(await rest(socket, 5), 'after');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuses malformed chunks', async () => {
    for (const text of ['x\r\n', '-1\r\n', '5\r\nhelloX\r\n', '\r\n', '123456789\r\n', 'a'.repeat(5000)]) {
      await assert.rejects(readUpgradeBody(socketOf([Buffer.from(text)]), chunked, 100), InvalidRequestError);
    }
  });

  it('refuses chunks beyond the limit before they arrive', async () => {
    await assert.rejects(
      readUpgradeBody(socketOf([Buffer.from('ffffff\r\n')]), chunked, 100),
      BodyTooLargeError,
    );
  });

  it('says so when the client leaves in the middle', async () => {
    const socket = socketOf([Buffer.from('5\r\nhe')], { end: true });
    await assert.rejects(readUpgradeBody(socket, chunked, 100), BodyAbortedError);
  });
});
