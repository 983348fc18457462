import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type DnsMessage, flags, readMessage, types, writeMessage } from '../../../testing/dns-message.ts';
import { writeAnswer } from './answer.ts';
import { FrameReader, frame } from './frame.ts';
import { encodeName, endOfName, nameText, reverseAddress } from './name.ts';
import { type Query, readQuery } from './query.ts';
import { readReply } from './reply.ts';
import { walkMessage } from './walk.ts';

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,63}$/);
const name = fc
  .array(label, { maxLength: 8 })
  .map((labels) => labels.join('.'))
  .filter(({ length }) => length < 250);
const question = fc.record({ name, type: fc.integer({ min: 0, max: 0xffff }), class: fc.constant(1) });

test('a question of any name and type is read as it was written', () => {
  fc.assert(
    fc.property(question, fc.integer({ min: 0, max: 0xffff }), (asked, id) => {
      const query = queryOf({ id, flags: flags.recursionDesired, questions: [asked] });
      assert.deepEqual([query.id, query.name, query.type], [id, asked.name.toLowerCase(), asked.type]);
      assert.deepEqual([query.edns, query.udpBytes], [false, 512]);
    }),
  );
});

test('no bytes make the readers throw, and what they take for a question can be answered', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => readAll(Buffer.from(bytes))),
    { numRuns: 2000 },
  );
});

test('no change to a proper message makes the readers throw', () => {
  const record = { name: 'a.b', type: types.A, class: 1, ttl: 5, data: Buffer.from([1, 2, 3, 4]) };
  const opt = { name: '', type: types.OPT, class: 1232, ttl: 0, data: Buffer.alloc(0) };
  const proper = writeMessage({
    questions: [{ name: 'web.front', type: types.A, class: 1 }],
    answers: [record],
    additionals: [opt],
  });
  const change = fc.record({ at: fc.nat(proper.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.nat(proper.length), (changes, lengthBytes) => {
      const message = Buffer.from(proper);
      for (const { at, value } of changes) message[at] = value;
      readAll(message);
      readAll(message.subarray(0, lengthBytes));
    }),
    { numRuns: 5000 },
  );
});

test('pointers lead backwards alone, so that no name loops, and names have an end', () => {
  const head = Buffer.alloc(12);
  const at = (...bytes: number[]): Buffer => Buffer.concat([head, Buffer.from(bytes)]);
  assert.equal(endOfName(at(1, 97, 0), 12), 15);
  assert.equal(endOfName(at(1, 97, 0, 1, 98, 0xc0, 12), 15), 19);
  const bad: [Buffer, number][] = [
    [at(0xc0, 12), 12],
    [at(0xc0, 14, 0), 12],
    [at(0xc0, 0), 12],
    [at(1, 97, 0xc0, 12), 12],
    [at(1, 97, 0xc0, 16, 1, 98, 0xc0, 12), 16],
    [at(0xc0), 12],
    [at(0x40, 0), 12],
    [at(0x80, 0), 12],
    [at(5, 97), 12],
    [at(), 12],
    [at(...Array.from({ length: 130 }, () => [1, 97]).flat(), 0), 12],
  ];
  for (const [message, offset] of bad)
    assert.equal(endOfName(message, offset), undefined, message.toString('hex'));
  const longest = at(...Array.from({ length: 127 }, () => [1, 97]).flat(), 0);
  assert.equal(endOfName(longest, 12), longest.length);
});

test('a dot inside a label is no end of one', () => {
  assert.equal(nameText(Buffer.from('\x03a.b\x01C\0')), String.raw`a\.b.c`);
  assert.equal(nameText(Buffer.from([0])), '');
});

test('names are encoded whole or not at all', () => {
  assert.deepEqual(encodeName('web.front'), Buffer.from('\x03web\x05front\0'));
  assert.deepEqual(encodeName('web.'), Buffer.from('\x03web\0'));
  for (const bad of ['', '.', 'a..b', 'a'.repeat(64), Array.from({ length: 128 }, () => 'a').join('.')]) {
    assert.equal(encodeName(bad), undefined);
  }
});

test('names of reverse look-ups are read as addresses', () => {
  assert.equal(reverseAddress('2.0.17.172.in-addr.arpa'), '172.17.0.2');
  assert.equal(
    reverseAddress(`1.0.0.0.${'0.'.repeat(20)}8.b.d.0.1.0.0.2.ip6.arpa`),
    '2001:0db8:0000:0000:0000:0000:0000:0001',
  );
  for (const other of ['0.17.172.in-addr.arpa', '256.0.0.1.in-addr.arpa', 'x.ip6.arpa', 'web', '1.2.3.4']) {
    assert.equal(reverseAddress(other), undefined);
  }
});

test('an answer that is too long loses whole records and says so', () => {
  const query = queryOf({ questions: [{ name: 'web', type: types.A, class: 1 }] });
  const records = Array.from({ length: 10 }, () => ({ type: types.A, data: Buffer.from([10, 0, 0, 1]) }));
  const whole = writeAnswer(query, { code: 0, records, longestBytes: 512 });
  for (let longestBytes = 21; longestBytes < whole.length + 2; longestBytes += 1) {
    const bytes = writeAnswer(query, { code: 0, records, longestBytes });
    const answer = readMessage(bytes);
    assert.ok(bytes.length <= longestBytes);
    assert.equal(answer.answers.length, Math.min(10, Math.floor((longestBytes - 21) / 16)));
    assert.equal((answer.flags & flags.truncated) !== 0, answer.answers.length < 10);
  }
});

test('how long an answer may be is what the client says, from 512 bytes to 4096', () => {
  for (const [said, taken] of [
    [0, 512],
    [100, 512],
    [1232, 1232],
    [65535, 4096],
  ] as const) {
    const opt = { name: '', type: types.OPT, class: said, ttl: 0, data: Buffer.alloc(0) };
    const { edns, udpBytes } = queryOf({
      questions: [{ name: 'web', type: 1, class: 1 }],
      additionals: [opt],
    });
    assert.deepEqual([edns, udpBytes], [true, taken]);
  }
});

test('messages come out of a stream whole, however it is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.map((message) => frame(Buffer.from(message))));
      const received: string[] = [];
      const reader = new FrameReader((message) => received.push(message.toString('hex')));
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const cut = cuts[turn % cuts.length] ?? 1;
        reader.add(stream.subarray(at, at + cut));
        at += cut;
      }
      assert.deepEqual(
        received,
        sent.map((message) => Buffer.from(message).toString('hex')),
      );
    }),
  );
});

function queryOf(message: Partial<DnsMessage>): Query {
  const query = readQuery(writeMessage(message));
  assert.ok(query !== undefined && !('refused' in query));
  return query;
}

function readAll(message: Buffer): void {
  walkMessage(message);
  const query = readQuery(message);
  if (query === undefined || 'refused' in query) return;
  const answer = writeAnswer(query, { code: 2, longestBytes: 512 });
  const read = readMessage(answer);
  assert.equal(read.id, query.id);
  assert.equal(readReply(answer, query, query.id)?.code, 2);
}
