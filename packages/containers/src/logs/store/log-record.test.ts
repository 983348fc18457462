import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RecordCodec } from './log-record.ts';
import type { LogRecord, RecordRun } from './record-run.ts';

const time = '2026-01-02T03:04:05.000000006Z';
/** Bytes that matter to an encoder of JSON, and some that do not. */
const byte = fc.constantFrom(
  0x00,
  0x09,
  0x0a,
  0x0b,
  0x1f,
  0x20,
  0x22,
  0x41,
  0x5b,
  0x5c,
  0x5d,
  0x7f,
  0xc3,
  0xa4,
);
const output = fc.tuple(fc.array(byte, { maxLength: 80 }), fc.nat(7));

test('lines come back byte for byte, wherever they lie in memory', () => {
  fc.assert(
    fc.property(output, ([bytes, offset]) => {
      const room = Buffer.alloc(offset + bytes.length + 1, 0x22);
      const lines = room.subarray(offset);
      lines.set([...bytes, 0x0a]);
      const codec = new RecordCodec();
      const { runs, end } = codec.decodeAll(codec.encodeLines(lines, 'stderr', time));
      const records = recordsIn(runs);
      assert.deepEqual(Buffer.concat(records.map(({ data }) => data)), lines);
      assert.equal(records.length, lines.filter((each) => each === 0x0a).length);
      assert.ok(records.every((record) => record.stream === 'stderr' && record.time === time));
      assert.ok(end > 0);
    }),
    { numRuns: 2000 },
  );
});

test('every record is JSON as others read it', () => {
  fc.assert(
    fc.property(output, ([bytes, offset]) => {
      const lines = Buffer.from([...Array<number>(offset).fill(0x78), ...bytes, 0x0a]);
      const text = new RecordCodec().encodeLines(lines, 'stdout', time).toString();
      const logs = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { log: string });
      assert.equal(logs.map(({ log }) => log).join(''), lines.toString('utf8'));
    }),
    { numRuns: 2000 },
  );
});

test('records of several writes, with and without escapes, are told apart', () => {
  const codec = new RecordCodec({ a: 'b' });
  const later = '2026-01-02T03:04:06.000000006Z';
  const block = Buffer.concat([
    codec.encodeLines(Buffer.from('one\ntwo\n'), 'stdout', time),
    codec.encodeLines(Buffer.from('three\n'), 'stdout', later),
    codec.encodeLines(Buffer.from('"four"\n'), 'stderr', later),
    codec.encodePart(Buffer.from('fi'), 'stderr', later),
    Buffer.from('damaged \\n","stream"\n'),
    codec.encodeLines(Buffer.from('ve\n'), 'stderr', later),
  ]);
  const whole = block.length;
  const { runs, end } = codec.decodeAll(Buffer.concat([block, Buffer.from('{"log":"half\\n')]));
  assert.equal(end, whole);
  assert.deepEqual(
    runs.map(({ bounds }) => bounds.length / 2),
    [3, 1, 1, 1],
  );
  assert.deepEqual(
    recordsIn(runs).map(({ data, stream, time: at }) => [Buffer.from(data).toString(), stream, at]),
    [
      ['one\n', 'stdout', time],
      ['two\n', 'stdout', time],
      ['three\n', 'stdout', later],
      ['"four"\n', 'stderr', later],
      ['fi', 'stderr', later],
      ['ve\n', 'stderr', later],
    ],
  );
});

function recordsIn(runs: readonly RecordRun[]): LogRecord[] {
  return runs.flatMap((run) => run.records());
}
