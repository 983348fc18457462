import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { demultiplex } from '../../testing/test-client.ts';
import type { FrameRun, OutputFrame } from '../index.ts';
import { writeFrames } from './frame-writer.ts';

class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  writes = 0;
  override _writev(items: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.writes += 1;
    for (const { chunk } of items) this.chunks.push(Buffer.from(chunk));
    setImmediate(done);
  }
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.writes += 1;
    this.chunks.push(Buffer.from(chunk));
    setImmediate(done);
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

async function* each(frames: readonly OutputFrame[]): AsyncGenerator<OutputFrame> {
  yield* frames;
}

async function* oneBatch(frames: readonly FrameRun[]): AsyncGenerator<readonly FrameRun[]> {
  yield frames;
}

async function written(frames: readonly OutputFrame[], multiplexed: boolean): Promise<Sink> {
  const sink = new Sink();
  await writeFrames(sink, each(frames), { multiplexed });
  await new Promise<void>((resolve) => sink.end(resolve));
  return sink;
}

const frame = (stream: OutputFrame['stream'], text: string): OutputFrame => ({
  stream,
  data: Buffer.from(text, 'latin1'),
});

describe('writeFrames', () => {
  it('keeps order and bytes of frames of every size', async () => {
    const anyFrame = fc
      .tuple(
        fc.constantFrom('stdout', 'stderr', 'system'),
        fc.constantFrom(1, 10, 2040, 2048, 2049, 70_000),
        fc.nat(255),
      )
      .map(([stream, size, byte]): OutputFrame => ({ stream, data: Buffer.alloc(size, byte) }));
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 60 }), async (frames) => {
        const numbers = { stdout: 1, stderr: 2, system: 3 };
        const expected = frames.map(({ stream, data }) =>
          Buffer.concat([Buffer.from([numbers[stream], 0, 0, 0]), uint32(data.length), data]),
        );
        assert.ok((await written(frames, true)).bytes.equals(Buffer.concat(expected)));
        assert.ok((await written(frames, false)).bytes.equals(Buffer.concat(frames.map(({ data }) => data))));
      }),
      { numRuns: 30 },
    );
  });

  it('takes frames that lie in one buffer, with what lies between them left out', async () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 10, 2048, 2049, 40_000), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const gap = 5;
        const buffer = Buffer.alloc(
          lengths.reduce<number>((sum, length) => sum + gap + length, 0),
          0x2d,
        );
        const bounds: number[] = [];
        for (const [index, length] of lengths.entries()) {
          const start = (bounds.at(-1) ?? 0) + gap;
          bounds.push(start, start + length);
          buffer.fill(index, start, start + length);
        }
        const single = lengths.map(
          (length, index) => ({ stream: 'stderr', data: Buffer.alloc(length, index) }) as const,
        );
        for (const multiplexed of [true, false]) {
          const whole = new Sink();
          await writeFrames(whole, oneBatch([{ stream: 'stderr', buffer, bounds }]), { multiplexed });
          await new Promise<void>((resolve) => whole.end(resolve));
          assert.ok(whole.bytes.equals((await written(single, multiplexed)).bytes));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('sends small frames that are there together in one write', async () => {
    const sink = await written(
      Array.from({ length: 100 }, () => frame('stdout', 'line\n')),
      true,
    );
    assert.equal(demultiplex(sink.bytes).length, 100);
    assert.ok(sink.writes <= 2, `${sink.writes} writes`);
  });

  it('does not take more while the target is full', async () => {
    const sink = new Sink({ highWaterMark: 1000 });
    let taken = 0;
    async function* endless(): AsyncGenerator<OutputFrame> {
      for (;;) {
        taken += 1;
        yield { stream: 'stdout', data: Buffer.alloc(3000) };
      }
    }
    sink._write = (): void => {};
    const writing = writeFrames(sink, endless(), { multiplexed: true });
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(taken < 50, `${taken} frames taken`);
    sink.destroy();
    await writing;
  });

  it('sends what came before an error, and throws it', async () => {
    async function* failing(): AsyncGenerator<OutputFrame> {
      yield frame('stdout', 'before');
      throw new Error('disk on fire');
    }
    const sink = new Sink();
    await assert.rejects(writeFrames(sink, failing(), { multiplexed: true }), /disk on fire/);
    assert.deepEqual(demultiplex(sink.bytes), [{ stream: 1, text: 'before' }]);
  });
});

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
