import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MalformedMessageError } from '../errors.ts';
import * as control from '../messages/control.ts';
import * as fsutil from '../messages/fsutil.ts';
import * as gateway from '../messages/gateway.ts';
import * as ops from '../messages/ops.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import type { Draft } from './message-type.ts';

test('writes and reads the bytes that Protocol Buffers prescribes', () => {
  const stat = {
    path: 'a',
    mode: 0o755,
    size: 300,
    modTime: -1n,
    xattrs: new Map([['k', Buffer.from('v')]]),
  };
  const bytes = encodeMessage(fsutil.Stat, stat);
  assert.equal(
    bytes.toString('hex'),
    ['0a0161', '10ed03', '28ac02', '30ffffffffffffffffff01', '5206', '0a016b', '120176'].join(''),
  );
  const decoded = decodeMessage(fsutil.Stat, bytes);
  assert.deepEqual(
    { ...decoded, xattrs: [...decoded.xattrs.keys()] },
    {
      path: 'a',
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: 300,
      modTime: -1n,
      linkname: '',
      devmajor: 0,
      devminor: 0,
      xattrs: ['k'],
    },
  );
});

test('leaves out what is empty, but not what stands for a choice', () => {
  assert.equal(encodeMessage(control.SolveRequest, { ref: '', internal: false, entitlements: [] }).length, 0);
  const chosen = encodeMessage(gateway.Result, { refDeprecated: '' });
  assert.equal(decodeMessage(gateway.Result, chosen).refDeprecated, '');
  assert.equal(decodeMessage(gateway.Result, new Uint8Array()).refDeprecated, undefined);
});

test('reads repeated numbers packed or one by one, and maps without a key or a value', () => {
  const type = {
    name: 'numbers',
    fields: [{ number: 1, name: 'all', kind: 'uint32', repeated: true }],
  } as const;
  for (const hex of ['0a03010203', '080108020803', '08010a020203']) {
    assert.deepEqual(decodeMessage(type, Buffer.from(hex, 'hex')), { all: [1, 2, 3] });
  }
  const entry = decodeMessage(control.SolveResponse, Buffer.from('0a00', 'hex'));
  assert.deepEqual([...entry.exporterResponse], [['', '']]);
});

test('passes over fields of later versions', () => {
  const bytes = Buffer.concat([
    Buffer.from([0xf8, 0x07, 0x05]),
    Buffer.from([0xfa, 0x07, 0x01, 0x00]),
    Buffer.from([0xfd, 0x07, 1, 2, 3, 4]),
    Buffer.from([0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8]),
    encodeMessage(control.StatusRequest, { ref: 'r' }),
  ]);
  assert.deepEqual(decodeMessage(control.StatusRequest, bytes), { ref: 'r' });
});

test('gives back what was written', () => {
  const started = fc.record({ seconds: fc.maxSafeInteger(), nanos: fc.integer() }, { noNullPrototype: true });
  const vertex = fc.record(
    {
      digest: fc.string(),
      inputs: fc.array(fc.string()),
      cached: fc.boolean(),
      started: fc.option(started, { nil: undefined }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(vertex), fc.uint8Array(), (vertexes, msg) => {
      const logs = [{ vertex: 'v', stream: 2, msg }];
      const decoded = decodeMessage(
        control.StatusResponse,
        encodeMessage(control.StatusResponse, { vertexes, logs }),
      );
      assert.deepEqual(
        decoded.vertexes.map(({ digest, inputs, cached, started }) => ({ digest, inputs, cached, started })),
        vertexes,
      );
      assert.deepEqual(Buffer.from(decoded.logs[0]?.msg ?? []), Buffer.from(msg));
    }),
  );
});

test('reads any bytes to a message or to one kind of error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodeMessage(control.SolveRequest, bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedMessageError, String(error));
      }
    }),
  );
});

test('refuses messages that are nested without end, and numbers beyond what a number holds', () => {
  let definition: Draft<ops.Definition> = {};
  for (let depth = 0; depth < 100; depth++) definition = { source: { infos: [{ definition }] } };
  const bytes = encodeMessage(ops.Definition, definition);
  assert.throws(() => decodeMessage(ops.Definition, bytes), MalformedMessageError);
  assert.throws(
    () => decodeMessage(fsutil.Stat, Buffer.from('28ffffffffffffffff7f', 'hex')),
    MalformedMessageError,
  );
});
