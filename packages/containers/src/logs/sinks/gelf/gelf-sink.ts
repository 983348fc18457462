import { hostname } from 'node:os';
import { deflateSync, gzipSync } from 'node:zlib';
import {
  extraAttributes,
  type LogOptionMap,
  type LogSubject,
  renderTag,
} from '../../settings/log-attributes.ts';
import { DatagramConnection } from '../datagram-connection.ts';
import { type LogSink, plainBatchMessages, type SinkConnection } from '../log-sink.ts';
import { StreamConnection } from '../stream-connection.ts';
import { gelfDatagrams, gelfMessage } from './gelf-message.ts';
import { type GelfSettings, parseGelfOptions } from './gelf-settings.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Docker's driver `gelf`: compressed and chunked over UDP, or ended by a zero byte over TCP. */
export function openGelfSink(subject: LogSubject, options: LogOptionMap): LogSink {
  const settings = parseGelfOptions(options);
  const fields = {
    version: '1.1',
    host: hostname(),
    _container_id: subject.containerId,
    _container_name: subject.containerName,
    _image_id: subject.imageId,
    _image_name: subject.imageName,
    _command: subject.command,
    _tag: renderTag(subject, options, '{{.ID}}'),
    _created: subject.createdAt,
    ...extraAttributes(subject, options, (name) => (name.startsWith('_') ? name : `_${name}`)),
  };
  return {
    name: `gelf ${settings.shownAddress}`,
    retry: settings.retry,
    batchMessages: plainBatchMessages,
    connect: (signal) =>
      settings.protocol === 'udp' ? overUdp(settings, fields) : overTcp(settings, fields, signal),
  };
}

async function overTcp(
  { host, port }: GelfSettings,
  fields: Fields,
  signal: AbortSignal,
): Promise<SinkConnection> {
  const connection = await StreamConnection.open({ kind: 'tcp', host, port }, signal);
  const end = Buffer.from([0]);
  return {
    send: (messages) =>
      connection.write(Buffer.concat(messages.flatMap((message) => [gelfMessage(message, fields), end]))),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

async function overUdp(settings: GelfSettings, fields: Fields): Promise<SinkConnection> {
  const connection = await DatagramConnection.open(settings.host, settings.port);
  return {
    async send(messages) {
      for (const message of messages) {
        // A line is at most 16 KiB: compressing it takes tens of microseconds, less than a turn through a thread.
        const datagrams = gelfDatagrams(compress(gelfMessage(message, fields), settings)) ?? [];
        for (const datagram of datagrams) await connection.send(datagram);
      }
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

function compress(message: Buffer, { compression, compressionLevel }: GelfSettings): Buffer {
  if (compression === 'none') return message;
  const options = { level: compressionLevel };
  return compression === 'gzip' ? gzipSync(message, options) : deflateSync(message, options);
}
