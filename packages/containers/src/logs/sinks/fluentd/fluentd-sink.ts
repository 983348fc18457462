import { randomBytes } from 'node:crypto';
import {
  extraAttributes,
  type LogOptionMap,
  type LogSubject,
  renderTag,
} from '../../settings/log-attributes.ts';
import type { LogMessage, LogSink, SinkConnection } from '../log-sink.ts';
import { StreamConnection } from '../stream-connection.ts';
import { type FluentdSettings, parseFluentdOptions } from './fluentd-settings.ts';
import { EventTime, type Packable, pack } from './message-pack.ts';

const defaultAckTimeoutMs = 60_000;
/** `{"ack": …}` is a few dozen bytes. */
const longestAckBytes = 1024;

/** Docker's driver `fluentd`, by the forward protocol (v1, Forward mode): one message a batch. */
export function openFluentdSink(subject: LogSubject, options: LogOptionMap): LogSink {
  const settings = parseFluentdOptions(options);
  const events: EventMaker = {
    tag: renderTag(subject, options, '{{.ID}}'),
    fields: {
      container_id: subject.containerId,
      container_name: `/${subject.containerName}`,
      ...extraAttributes(subject, options),
    },
    settings,
  };
  return {
    name: `fluentd ${settings.shownAddress}`,
    retry: settings.retry,
    batchMessages: settings.batchMessages,
    ...(settings.reconnectAfterMs !== undefined && { reconnectAfterMs: settings.reconnectAfterMs }),
    connect: async (signal) =>
      new FluentdConnection(await StreamConnection.open(settings.address, signal), events),
  };
}

interface EventMaker {
  tag: string;
  fields: Readonly<Record<string, string>>;
  settings: FluentdSettings;
}

class FluentdConnection implements SinkConnection {
  readonly #connection: StreamConnection;
  readonly #events: EventMaker;

  constructor(connection: StreamConnection, events: EventMaker) {
    this.#connection = connection;
    this.#events = events;
  }

  async send(messages: readonly LogMessage[]): Promise<void> {
    const { tag, settings } = this.#events;
    const entries = messages.map((message) => makeEntry(message, this.#events));
    if (!settings.requestAck) {
      await this.#connection.write(pack([tag, entries]), settings.writeTimeoutMs);
      return;
    }
    const chunk = randomBytes(16).toString('base64');
    const acknowledged = this.#awaitAck(chunk);
    await Promise.all([
      this.#connection.write(pack([tag, entries, { chunk }]), settings.writeTimeoutMs),
      acknowledged,
    ]);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** The receiver answers each chunk with `{"ack": chunk}`; the id's own bytes are looked for. */
  #awaitAck(chunk: string): Promise<void> {
    const wanted = pack({ ack: chunk });
    return new Promise((resolve, reject) => {
      let answer: Buffer = Buffer.alloc(0);
      const timeoutMs = this.#events.settings.readTimeoutMs ?? defaultAckTimeoutMs;
      const late = (): void => reject(new Error(`no acknowledgement for ${timeoutMs} ms`));
      const timer = setTimeout(late, timeoutMs);
      timer.unref();
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      this.#connection.listen((data) => {
        answer = Buffer.concat([answer, data]).subarray(-longestAckBytes);
        if (!answer.includes(wanted)) return;
        clearTimeout(timer);
        resolve();
      }, fail);
    });
  }
}

function makeEntry(
  { stream, timeNs, line, partial }: LogMessage,
  { fields, settings }: EventMaker,
): Packable {
  const time = settings.subSecondPrecision ? new EventTime(timeNs) : Number(timeNs / 1_000_000_000n);
  const parts = partial && {
    partial_message: 'true',
    partial_id: partial.id,
    partial_ordinal: String(partial.ordinal),
    partial_last: String(partial.isLast),
  };
  return [time, { ...fields, source: stream, log: line, ...parts }];
}
