import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { EngineError, silentLogger } from '@gantry/base';
import * as control from '../messages/control.ts';
import * as filesync from '../messages/filesync.ts';
import * as health from '../messages/health.ts';
import { GrpcClient } from './grpc-client.ts';
import { implement, type ServiceTable } from './handlers.ts';
import { type GrpcConnection, serveGrpc } from './serve-grpc.ts';
import { GrpcError, StatusCode } from './status-code.ts';

const alive = implement(health.Health, { check: () => ({ status: health.ServingStatus.serving }) });

async function connect(
  ...services: ServiceTable[]
): Promise<{ client: GrpcClient; server: GrpcConnection; near: net.Socket }> {
  await using listener = net.createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;
  const near = net.connect(port, '127.0.0.1');
  const [far] = (await once(listener, 'connection')) as [net.Socket];
  void listener.close();
  const server = serveGrpc(far, { services, logger: silentLogger });
  return { client: new GrpcClient(near), server, near };
}

function failsWith(code: number, text: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof GrpcError, String(error));
    assert.equal(error.statusCode, code);
    assert.match(error.message, text);
    return true;
  };
}

test('answers a call, and refuses by name what it does not serve', async () => {
  const { client } = await connect(alive);
  using _ = client;
  assert.deepEqual(await client.unary(health.Health.check, {}), { status: 1 });
  await assert.rejects(
    client.unary(control.Control.info, {}),
    failsWith(StatusCode.unimplemented, /unknown method Info for service moby.buildkit.v1.Control/),
  );
});

test('serves both ends of one machine: what calls here is called there', async () => {
  const { client } = await connect(
    implement(filesync.FileSend, {
      diffCopy: async (messages) => {
        for await (const { data } of messages) await messages.send({ data: Buffer.from(data).reverse() });
      },
    }),
  );
  using _ = client;
  const call = client.stream(filesync.FileSend.diffCopy, { headers: { 'exporter-id': ['1'] } });
  const answers = call[Symbol.asyncIterator]();
  for (const text of ['one', 'two']) {
    await call.send({ data: Buffer.from(text) });
    const { value } = await answers.next();
    assert.equal(Buffer.from(value?.data ?? []).toString(), text.split('').toReversed().join(''));
  }
  call.end();
  assert.equal((await answers.next()).done, true);
});

test('tells errors with their code, their text and their details', async () => {
  const details = [{ typeUrl: 'a/b', value: Buffer.from('{"x":"\u20ac"}') }];
  const { client } = await connect(
    implement(control.Control, {
      solve: () => Promise.reject(new GrpcError(StatusCode.unknown, 'no 100% \u20ac', details)),
      info: () => Promise.reject(new EngineError('not-found', 'x-not-found', 'no such x')),
      async *status() {
        yield { logs: [{ vertex: 'v' }] };
        throw new EngineError('conflict', 'x-in-use', 'in use');
      },
    }),
  );
  using _ = client;
  await assert.rejects(client.unary(control.Control.solve, {}), (error) => {
    assert.ok(error instanceof GrpcError);
    assert.equal(error.message, 'no 100% \u20ac');
    assert.deepEqual(
      error.statusDetails.map(({ value }) => Buffer.from(value).toString()),
      ['{"x":"\u20ac"}'],
    );
    return true;
  });
  await assert.rejects(client.unary(control.Control.info, {}), failsWith(StatusCode.notFound, /^no such x$/));
  const seen: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { logs } of client.serverStream(control.Control.status, {}))
        seen.push(String(logs[0]?.vertex));
    },
    failsWith(StatusCode.failedPrecondition, /in use/),
  );
  assert.deepEqual(seen, ['v']);
});

test('carries messages of sixteen megabytes and refuses larger ones', async () => {
  const { client } = await connect(
    implement(filesync.FileSend, {
      diffCopy: async (messages) => {
        for await (const { data } of messages)
          await messages.send({ data: Buffer.from(String(data.length)) });
      },
    }),
  );
  using _ = client;
  const call = client.stream(filesync.FileSend.diffCopy);
  const answers = call[Symbol.asyncIterator]();
  const largest = 16 * 1024 ** 2 - 16;
  await call.send({ data: Buffer.alloc(largest) });
  assert.equal(Buffer.from((await answers.next()).value?.data ?? []).toString(), String(largest));
  await call.send({ data: Buffer.alloc(17 * 1024 ** 2) }).catch(() => {});
  await assert.rejects(answers.next(), failsWith(StatusCode.invalidArgument, /larger than max/));
});

test('ends what it does for a caller who cancels, leaves the loop, or goes away', async () => {
  const ends: (() => void)[] = [];
  const { client, near, server } = await connect(
    implement(control.Control, {
      async *status(_request, { signal }) {
        const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        ends.push(() => undefined);
        yield {};
        await ended;
        ends.pop();
      },
    }),
  );
  const controller = new AbortController();
  const first = client.serverStream(control.Control.status, {}, { signal: controller.signal });
  await first.next();
  controller.abort(new Error('enough'));
  await assert.rejects(first.next(), /enough/);
  for await (const _ of client.serverStream(control.Control.status, {})) break;
  const third = client.serverStream(control.Control.status, {});
  await third.next();
  near.destroy();
  await assert.rejects(third.next(), failsWith(StatusCode.unavailable, /the connection is over/));
  await Promise.all([client.closed, server.closed]);
  assert.equal(ends.length, 0);
  await assert.rejects(client.unary(health.Health.check, {}), failsWith(StatusCode.unavailable, /over/));
});

test('ends with the other end, also on sockets that may stay half open', async () => {
  await using listener = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;
  const near = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = (await once(listener, 'connection')) as [net.Socket];
  void listener.close();
  const server = serveGrpc(far, { services: [alive], logger: silentLogger });
  using client = new GrpcClient(near);
  assert.deepEqual(await client.unary(health.Health.check, {}), { status: 1 });
  near.end();
  await server.closed;
  await client.closed;
});

test('closes a connection whose bytes are no HTTP/2', async () => {
  const [near, far] = duplexPair();
  const server = serveGrpc(far, { services: [alive], logger: silentLogger });
  near.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10));
  near.resume();
  await server.closed;
});
