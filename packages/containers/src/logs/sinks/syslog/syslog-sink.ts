import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isErrno, UnixDatagramSocket } from '@gantry/kernel';
import { type LogOptionMap, type LogSubject, renderTag } from '../../settings/log-attributes.ts';
import { DatagramConnection } from '../datagram-connection.ts';
import {
  type LogMessage,
  type LogSink,
  plainBatchMessages,
  plainRetry,
  type SinkConnection,
} from '../log-sink.ts';
import { StreamConnection } from '../stream-connection.ts';
import { formatSyslog, type SyslogHeader } from './syslog-format.ts';
import { parseSyslogOptions, readTlsOptions, type SyslogAddress } from './syslog-settings.ts';

/** Where the local daemon listens, in the order in which syslog libraries try. */
const localPaths = ['/dev/log', '/var/run/syslog', '/var/run/log'];
const queueRetryMs = 5;

/** Docker's driver `syslog`. */
export function openSyslogSink(subject: LogSubject, options: LogOptionMap): LogSink {
  const { address, shownAddress, facility, format } = parseSyslogOptions(options);
  const header: SyslogHeader = {
    facility,
    tag: renderTag(subject, options, '{{.ID}}'),
    format,
    countsOctets: address.kind === 'tls' && format.startsWith('rfc5424'),
  };
  return {
    name: `syslog ${shownAddress}`,
    retry: plainRetry,
    batchMessages: plainBatchMessages,
    connect: (signal) => connect(address, header, options, signal),
  };
}

async function connect(
  address: SyslogAddress,
  header: SyslogHeader,
  options: LogOptionMap,
  signal: AbortSignal,
): Promise<SinkConnection> {
  switch (address.kind) {
    case 'udp': {
      const connection = await DatagramConnection.open(address.host, address.port);
      return overDatagrams(header, connection, (datagram) => connection.send(datagram));
    }
    case 'tcp':
      return overStream(header, await StreamConnection.open({ ...address, kind: 'tcp' }, signal));
    case 'tls': {
      const target = { ...address, kind: 'tls', options: readTlsOptions(options) } as const;
      return overStream(header, await StreamConnection.open(target, signal));
    }
    case 'local':
      return await overSocketFile(header, localPaths.find((path) => existsSync(path)) ?? '/dev/log', signal);
    case 'unix':
    case 'unixgram':
      return await overSocketFile(header, address.path, signal);
  }
}

/** A socket file says only when it is connected to whether it takes datagrams or a stream. */
async function overSocketFile(
  header: SyslogHeader,
  path: string,
  signal: AbortSignal,
): Promise<SinkConnection> {
  let socket: UnixDatagramSocket;
  try {
    socket = UnixDatagramSocket.connect(path);
  } catch (error) {
    if (!isErrno(error, 'EPROTOTYPE')) throw error;
    return overStream(header, await StreamConnection.open({ kind: 'unix', path }, signal));
  }
  return overDatagrams(header, socket, async (datagram) => {
    while (!socket.send(datagram)) await delay(queueRetryMs, undefined, { ref: false, signal });
  });
}

function overStream(header: SyslogHeader, connection: StreamConnection): SinkConnection {
  return {
    send: (messages) =>
      connection.write(Buffer.concat(messages.map((message) => formatSyslog(message, header)))),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

function overDatagrams(
  header: SyslogHeader,
  connection: Disposable,
  send: (datagram: Uint8Array) => Promise<void>,
): SinkConnection {
  return {
    async send(messages: readonly LogMessage[]): Promise<void> {
      for (const message of messages) await send(formatSyslog(message, header));
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}
