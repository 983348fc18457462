import { InvalidOptionError } from '../../errors.ts';
import type { LogOptionMap } from './log-attributes.ts';
import { parseBoolean, parseDecimalSize } from './option-values.ts';

/** The files in which a log is kept on this machine. */
export interface StoreSettings {
  /** Name of the file that is being written, in the container's directory; older ones have `.1`, `.2` … behind it. */
  fileName: string;
  maxFileBytes: number;
  /** Files kept in all, the one being written included; at least 1. */
  maxFiles: number;
  /** Files that are full are compressed (gzip, `.gz`). */
  compress: boolean;
}

/** Docker keeps everything by default; we keep the last 100 MB. */
const defaultFileBytes = 20_000_000;
const defaultFiles = 5;
/** gzip says a file's length in 32 bits. */
const longestCompressedBytes = 2 ** 32 - 1;
/** What a sink may be behind when nothing is kept for `docker logs`. */
const queueFileBytes = 10_000_000;

/** `max-size`, `max-file` and `compress` of json-file. Throws `InvalidOptionError` in Docker's words. */
export function jsonFileStore(containerId: string, options: LogOptionMap): StoreSettings {
  const size = options['max-size'];
  const settings = {
    fileName: `${containerId}-json.log`,
    maxFileBytes: size === undefined || size === '-1' ? sizeWithout(size) : parseDecimalSize(size),
    maxFiles: fileCount(options['max-file']),
    compress: parseBoolean(options['compress'] ?? 'false'),
  };
  if (settings.maxFileBytes <= 0) throw new InvalidOptionError('max-size must be a positive number');
  if (settings.compress && (settings.maxFiles === 1 || size === '-1')) {
    throw new InvalidOptionError(
      'compress cannot be true when max-file is less than 2 or max-size is not set',
    );
  }
  return checkCompressible(settings);
}

/** The options of the driver `local`. Throws `InvalidOptionError` in Docker's words. */
export function localStore(options: LogOptionMap, fileName = 'container.log'): StoreSettings {
  const maxFiles = fileCount(options['max-file']);
  const compress = options['compress'];
  return checkCompressible({
    fileName,
    maxFileBytes: localSize(options['max-size']),
    maxFiles,
    // A single file is never full: there is nothing to compress.
    compress: (compress === undefined || parseBoolean(compress)) && maxFiles > 1,
  });
}

/** What `docker logs` reads beside a driver that sends everything away: the options `cache-…`. */
export function cacheStore(options: LogOptionMap): StoreSettings {
  const cached: Record<string, string> = {};
  for (const name of ['max-size', 'max-file', 'compress']) {
    const value = options[`cache-${name}`];
    if (value !== undefined) cached[name] = value;
  }
  return localStore(cached, 'container-cached.log');
}

/** With `cache-disabled` nothing is kept but what the sink has not taken. */
export const queueStore: StoreSettings = {
  fileName: 'container-queue.log',
  maxFileBytes: queueFileBytes,
  maxFiles: 2,
  compress: false,
};

function sizeWithout(size: string | undefined): number {
  return size === undefined ? defaultFileBytes : Number.MAX_SAFE_INTEGER;
}

function fileCount(text: string | undefined): number {
  if (text === undefined) return defaultFiles;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new InvalidOptionError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const files = Number(text);
  if (files < 1) throw new InvalidOptionError('max-file cannot be less than 1', { option: 'max-file' });
  if (files > 10_000) throw new InvalidOptionError('max-file cannot be more than 10000');
  return files;
}

function localSize(text: string | undefined): number {
  if (text === undefined) return defaultFileBytes;
  let size = 0;
  try {
    size = parseDecimalSize(text);
  } catch {
    throw new InvalidOptionError(`invalid value for max-size: ${text}: invalid size: '${text}'`);
  }
  if (size <= 0) throw new InvalidOptionError(`max size must be a positive number: ${text}`);
  return size;
}

function checkCompressible(settings: StoreSettings): StoreSettings {
  if (settings.compress && settings.maxFileBytes > longestCompressedBytes) {
    throw new InvalidOptionError('compress needs a max-size below 4 GiB');
  }
  return settings;
}
