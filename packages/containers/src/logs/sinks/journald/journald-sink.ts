import { setTimeout as delay } from 'node:timers/promises';
import { isErrno, UnixDatagramSocket } from '@gantry/kernel';
import {
  extraAttributes,
  type LogOptionMap,
  type LogSubject,
  renderTag,
} from '../../settings/log-attributes.ts';
import { type LogSink, plainBatchMessages, plainRetry } from '../log-sink.ts';
import { journaldEntry, journaldFieldName } from './journald-entry.ts';
import { journaldSocketPath } from './journald-socket.ts';

const queueRetryMs = 5;

/** Docker's driver `journald`, by journald's native protocol. */
export function openJournaldSink(
  subject: LogSubject,
  options: LogOptionMap,
  socketPath: string = journaldSocketPath,
): LogSink {
  const tag = renderTag(subject, options, '{{.ID}}');
  const fields = {
    SYSLOG_IDENTIFIER: tag,
    CONTAINER_ID: subject.containerId.slice(0, 12),
    CONTAINER_ID_FULL: subject.containerId,
    CONTAINER_NAME: subject.containerName,
    CONTAINER_TAG: tag,
    IMAGE_NAME: subject.imageName,
    ...extraAttributes(subject, options, journaldFieldName),
  };
  return {
    name: 'journald',
    retry: plainRetry,
    batchMessages: plainBatchMessages,
    connect: (signal) =>
      Promise.try(() => {
        const socket = UnixDatagramSocket.connect(socketPath);
        return {
          async send(messages) {
            for (const message of messages) {
              const entry = journaldEntry(message, fields);
              while (!sendEntry(socket, entry)) await delay(queueRetryMs, undefined, { ref: false, signal });
            }
          },
          [Symbol.dispose]: () => socket[Symbol.dispose](),
        };
      }),
  };
}

/** One that is too long for a datagram goes as a file in memory. False when journald's queue is full. */
function sendEntry(socket: UnixDatagramSocket, entry: Buffer): boolean {
  try {
    return socket.send(entry);
  } catch (error) {
    if (!isErrno(error, 'EMSGSIZE')) throw error;
    return socket.sendInMemory(entry);
  }
}
