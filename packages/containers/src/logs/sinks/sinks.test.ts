import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, inflateSync } from 'node:zlib';
import { UnixDatagramSocket } from '@gantry/kernel';
import { LogFixture, logContainerId } from '../../../testing/log-fixture.ts';
import {
  receiveDatagrams,
  receiveFile,
  receiveStream,
  receiveUnixDatagrams,
} from '../../../testing/log-receivers.ts';
import type { LogSubject } from '../settings/log-attributes.ts';
import { openFluentdSink } from './fluentd/fluentd-sink.ts';
import { openGelfSink } from './gelf/gelf-sink.ts';
import { openJournaldSink } from './journald/journald-sink.ts';
import type { LogSink } from './log-sink.ts';
import { openSyslogSink } from './syslog/syslog-sink.ts';

const subject: LogSubject = {
  containerId: logContainerId,
  containerName: 'web',
  imageId: 'sha256:abc',
  imageName: 'nginx',
  command: 'nginx -g',
  createdAt: '2025-01-31T12:00:00.000000000Z',
  environment: ['A=1'],
  labels: { 'app.kind': 'front' },
};
const shortId = logContainerId.slice(0, 12);
const root = mkdtempSync(path.join(tmpdir(), 'gantry-sinks-'));
after(() => rmSync(root, { recursive: true }));

/** A container that printed one line to each stream, logged to `sink`. */
async function logTwoLines(sink: LogSink): Promise<LogFixture> {
  const fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  fixture.append('stdout', 'to stdout\n');
  fixture.append('stderr', 'to stderr\n');
  await fixture.log.end();
  return fixture;
}

const text = (buffers: readonly Buffer[]): string => Buffer.concat(buffers).toString();
const pid = process.pid;

test('syslog over UDP sends one datagram a line, as syslog(3) writes it', async () => {
  await using receiver = await receiveDatagrams();
  const options = { 'syslog-address': `udp://127.0.0.1:${receiver.port}`, tag: '{{.Name}}' };
  using fixture = await logTwoLines(openSyslogSink(subject, options));
  const [first, second] = await receiver.until(({ length }) => length === 2);
  assert.match(
    String(first),
    new RegExp(`^<30>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d web\\[${pid}\\]: to stdout\\n$`),
  );
  assert.match(String(second), /^<27>.*: to stderr\n$/);
  await fixture.log.closeSink();
});

test('syslog over TCP sends RFC 3164 and RFC 5424 with the facility and the tag', async () => {
  const stamps = {
    rfc3164: `<150>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d ${hostname()} ${shortId}\\[${pid}\\]: to stdout\n`,
    rfc5424: `<150>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${hostname()} ${shortId} ${pid} ${shortId} - to stdout\n`,
    rfc5424micro: `<150>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z ${hostname()} ${shortId} ${pid} ${shortId} - to stdout\n`,
  };
  for (const [format, pattern] of Object.entries(stamps)) {
    await using receiver = await receiveStream();
    const options = {
      'syslog-address': `tcp://127.0.0.1:${receiver.port}`,
      'syslog-format': format,
      'syslog-facility': 'local2',
    };
    using fixture = await logTwoLines(openSyslogSink(subject, options));
    const lines = text(await receiver.until((received) => text(received).includes('to stderr\n')));
    assert.match(lines, new RegExp(`^${pattern}<147>`));
    await fixture.log.closeSink();
  }
});

test('syslog finds out whether a socket file takes datagrams or a stream', async () => {
  const datagrams = path.join(root, 'datagrams');
  await using receiver = receiveUnixDatagrams(datagrams);
  using first = await logTwoLines(openSyslogSink(subject, { 'syslog-address': `unixgram://${datagrams}` }));
  await receiver.until(({ length }) => length === 2);
  await first.log.closeSink();
  const stream = path.join(root, 'stream');
  await using listener = await receiveStream(stream);
  using second = await logTwoLines(openSyslogSink(subject, { 'syslog-address': `unix://${stream}` }));
  await listener.until((received) => text(received).includes('to stderr\n'));
  await second.log.closeSink();
});

test('gelf over UDP is compressed, and chunked where it is long', async () => {
  const unpackers = { gzip: gunzipSync, zlib: inflateSync, none: (data: Buffer) => data };
  for (const [compression, unpack] of Object.entries(unpackers)) {
    await using receiver = await receiveDatagrams();
    const sink = openGelfSink(subject, {
      'gelf-address': `udp://127.0.0.1:${receiver.port}`,
      'gelf-compression-type': compression,
      env: 'A',
    });
    using fixture = await logTwoLines(sink);
    const [first = Buffer.alloc(0)] = await receiver.until(({ length }) => length === 2);
    const message = JSON.parse(unpack(first).toString()) as Record<string, unknown>;
    const { timestamp, ...rest } = message;
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 3600, String(timestamp));
    assert.deepEqual(rest, {
      version: '1.1',
      host: hostname(),
      short_message: 'to stdout',
      level: 6,
      _container_id: logContainerId,
      _container_name: 'web',
      _image_id: 'sha256:abc',
      _image_name: 'nginx',
      _command: 'nginx -g',
      _tag: shortId,
      _created: subject.createdAt,
      _A: '1',
    });
    await fixture.log.closeSink();
  }
});

test('a long gelf message comes in chunks that make it whole', async () => {
  await using receiver = await receiveDatagrams();
  const sink = openGelfSink(subject, {
    'gelf-address': `udp://127.0.0.1:${receiver.port}`,
    'gelf-compression-type': 'none',
  });
  using fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  fixture.append('stdout', `${'long '.repeat(1000)}\n`);
  await fixture.log.end();
  const chunks = await receiver.until(
    (received) => received.length > 0 && received.length === received[0]?.[11],
  );
  for (const [index, chunk] of chunks.entries()) {
    assert.deepEqual([...chunk.subarray(0, 2), chunk[10], chunk[11]], [0x1e, 0x0f, index, chunks.length]);
  }
  const whole = Buffer.concat(chunks.map((chunk) => chunk.subarray(12))).toString();
  assert.equal((JSON.parse(whole) as { short_message: string }).short_message, 'long '.repeat(1000));
  await fixture.log.closeSink();
});

test('gelf over TCP ends each message with a zero byte', async () => {
  await using receiver = await receiveStream();
  using fixture = await logTwoLines(
    openGelfSink(subject, { 'gelf-address': `tcp://127.0.0.1:${receiver.port}` }),
  );
  const messages = text(await receiver.until((received) => text(received).split('\0').length === 3)).split(
    '\0',
  );
  const levels = messages.slice(0, 2).map((message) => (JSON.parse(message) as { level: number }).level);
  assert.deepEqual(levels, [6, 3]);
  await fixture.log.closeSink();
});

test('fluentd gets events by the forward protocol, with whole seconds', async () => {
  await using receiver = await receiveStream();
  const options = {
    'fluentd-address': `127.0.0.1:${receiver.port}`,
    tag: 'docker.{{.Name}}',
    labels: 'app.kind',
  };
  using fixture = await logTwoLines(openFluentdSink(subject, options));
  const bytes = Buffer.concat(await receiver.until((received) => text(received).includes('to stderr')));
  const [tag, events] = unpack(bytes) as [string, [number, Record<string, string>][]];
  assert.equal(tag, 'docker.web');
  const common = { container_id: logContainerId, container_name: '/web', 'app.kind': 'front' };
  assert.deepEqual(
    events.map(([, event]) => event),
    [
      { ...common, source: 'stdout', log: 'to stdout' },
      { ...common, source: 'stderr', log: 'to stderr' },
    ],
  );
  assert.ok(Number.isInteger(events[0]?.[0]), String(events[0]?.[0]));
  await fixture.log.closeSink();
});

test('fluentd gets nanoseconds and the parts of a long line, and is believed when it acknowledged', async () => {
  await using receiver = await receiveStream(0, (received, socket) => {
    const chunk = /\u00a5chunk\u00b8([\w+/=]{24})$/.exec(received.toString('latin1'))?.[1];
    if (chunk !== undefined) socket.write(Buffer.from(`\u0081\u00a3ack\u00b8${chunk}`, 'latin1'));
  });
  const sink = openFluentdSink(subject, {
    'fluentd-address': `tcp://127.0.0.1:${receiver.port}`,
    'fluentd-request-ack': 'true',
    'fluentd-sub-second-precision': 'true',
    'fluentd-buffer-limit': '1',
  });
  using fixture = new LogFixture(undefined, undefined, { sink });
  fixture.begin();
  fixture.append('stdout', `${'x'.repeat(20_000)}\n`);
  fixture.append('stdout', 'next\n');
  await fixture.log.end();
  await receiver.until((received) => text(received).includes('next'));
  await fixture.log.finishSink(60_000);
  const [, [[time, event]]] = unpack(receiver.received[0] ?? Buffer.alloc(0)) as [
    string,
    [[{ seconds: number; nanoseconds: number }, Record<string, string>]],
  ];
  assert.ok(time.seconds > 1.7e9 && time.nanoseconds < 1e9);
  assert.deepEqual(
    [event['partial_message'], event['partial_ordinal'], event['partial_last'], event['log']?.length],
    ['true', '1', 'false', 16_384],
  );
});

test('journald gets fields by its native protocol', async () => {
  const socketPath = path.join(root, 'journal');
  await using receiver = receiveUnixDatagrams(socketPath);
  const sink = openJournaldSink(subject, { labels: 'app.kind', tag: 'a {{.Name}}' }, socketPath);
  using fixture = await logTwoLines(sink);
  const [first] = await receiver.until(({ length }) => length === 2);
  const fields = Object.fromEntries(
    String(first)
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  assert.match(fields['SYSLOG_TIMESTAMP'] ?? '', /^\d{4}-.*Z$/);
  delete fields['SYSLOG_TIMESTAMP'];
  assert.deepEqual(fields, {
    PRIORITY: '6',
    SYSLOG_IDENTIFIER: 'a web',
    CONTAINER_ID: shortId,
    CONTAINER_ID_FULL: logContainerId,
    CONTAINER_NAME: 'web',
    CONTAINER_TAG: 'a web',
    IMAGE_NAME: 'nginx',
    APP_KIND: 'front',
    MESSAGE: 'to stdout',
  });
  await fixture.log.closeSink();
});

test('journald gets an entry that is too long for a datagram as a file', async () => {
  const socketPath = path.join(root, 'journal-of-files');
  using receiver = UnixDatagramSocket.bind(socketPath);
  const environment = [`LONG=${'x'.repeat(300_000)}`];
  const sink = openJournaldSink({ ...subject, environment }, { env: 'LONG' }, socketPath);
  using fixture = await logTwoLines(sink);
  using file = await receiveFile(receiver);
  const entry = readFileSync(file.path, 'utf8');
  assert.match(entry, /^LONG=x{300000}$/m);
  assert.match(entry, /^MESSAGE=to stdout$/m);
  await fixture.log.closeSink();
});

interface EventTimeFields {
  seconds: number;
  nanoseconds: number;
}
type Unpacked = string | number | EventTimeFields | Unpacked[] | { [key: string]: Unpacked };

/** The first MessagePack value of `bytes`, as far as the forward protocol needs it. */
function unpack(bytes: Buffer): Unpacked {
  let at = 0;
  const take = (count: number): Buffer => bytes.subarray(at, (at += count));
  const list = (count: number): Unpacked[] => Array.from({ length: count }, value);
  const map = (count: number): Unpacked =>
    Object.fromEntries(Array.from({ length: count }, () => [value() as string, value()]));
  function value(): Unpacked {
    const [type = 0] = take(1);
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 15);
    if (type < 0xa0) return list(type & 15);
    if (type < 0xc0) return take(type & 31).toString();
    if (type === 0xd9) return take(take(1).readUInt8()).toString();
    if (type === 0xda) return take(take(2).readUInt16BE()).toString();
    if (type === 0xdc) return list(take(2).readUInt16BE());
    if (type === 0xcf) return Number(take(8).readBigUInt64BE());
    assert.equal(type, 0xd7);
    assert.equal(take(1)[0], 0);
    return { seconds: take(4).readUInt32BE(), nanoseconds: take(4).readUInt32BE() };
  }
  return value();
}
