import type { HostConfig } from '@gantry/api-types';
import { openFluentdSink } from '../sinks/fluentd/fluentd-sink.ts';
import { openGelfSink } from '../sinks/gelf/gelf-sink.ts';
import { openJournaldSink } from '../sinks/journald/journald-sink.ts';
import type { LogSink } from '../sinks/log-sink.ts';
import { openSyslogSink } from '../sinks/syslog/syslog-sink.ts';
import { extraAttributes, type LogOptionMap, type LogSubject, renderTag } from './log-attributes.ts';
import { parseBinarySize, parseBoolean } from './option-values.ts';
import { cacheStore, jsonFileStore, localStore, queueStore, type StoreSettings } from './store-settings.ts';

/** How one container's output is logged. */
export interface LogPlan {
  driver: string;
  /** Undefined with `none`: output goes to the clients only. */
  store: StoreSettings | undefined;
  /** `docker logs` may read the store. */
  readable: boolean;
  /** As `inspect` shows it: json-file only. */
  showsPath: boolean;
  /** Kept with each line. */
  attributes: Readonly<Record<string, string>>;
  /** `mode=non-blocking`: what may wait for the disk before output is dropped. */
  maxBufferBytes: number | undefined;
  /** Where lines are sent to, from the store. */
  sink: LogSink | undefined;
}

const defaultBufferBytes = 1024 * 1024;
const sinks: Readonly<Partial<Record<string, (subject: LogSubject, options: LogOptionMap) => LogSink>>> = {
  fluentd: openFluentdSink,
  gelf: openGelfSink,
  journald: openJournaldSink,
  syslog: openSyslogSink,
};

/** Makes no connection and touches no file. Throws `InvalidOptionError` for what only the container's own facts show. */
export function planLog(config: HostConfig['LogConfig'], subject: LogSubject): LogPlan {
  const driver = config?.Type ?? 'json-file';
  const options = config?.Config ?? {};
  if (driver === 'none') return discarding;
  const common = { driver, maxBufferBytes: bufferBytes(options), readable: true, showsPath: false };
  if (driver === 'json-file') {
    const store = jsonFileStore(subject.containerId, options);
    return {
      ...common,
      store,
      showsPath: true,
      attributes: fileAttributes(subject, options),
      sink: undefined,
    };
  }
  if (driver === 'local') {
    return { ...common, store: localStore(options), attributes: {}, sink: undefined };
  }
  const cached = !parseBoolean(options['cache-disabled'] ?? 'false');
  return {
    ...common,
    store: cached ? cacheStore(options) : queueStore,
    readable: cached,
    attributes: {},
    sink: sinks[driver]?.(subject, options),
  };
}

const discarding: LogPlan = {
  driver: 'none',
  store: undefined,
  readable: false,
  showsPath: false,
  attributes: {},
  maxBufferBytes: undefined,
  sink: undefined,
};

function fileAttributes(subject: LogSubject, options: LogOptionMap): Record<string, string> {
  const tag = renderTag(subject, options, '');
  return { ...extraAttributes(subject, options), ...(tag === '' ? {} : { tag }) };
}

function bufferBytes(options: LogOptionMap): number | undefined {
  if (options['mode'] !== 'non-blocking') return undefined;
  const size = options['max-buffer-size'];
  return size === undefined ? defaultBufferBytes : parseBinarySize(size);
}
