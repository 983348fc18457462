import { errorMessage, parseByteSize } from '@gantry/base';
import { InvalidVolumeOptionError } from '../errors.ts';

/** Options of the local driver, read. */
export interface LocalOptions {
  /** File system type, `nfs` and the like; undefined for a plain directory. */
  type?: string;
  device?: string;
  /** mount(8)'s option string. */
  mountOptions: string;
  /** Most that the volume may hold. */
  sizeBytes?: number;
}

const needs: Readonly<Record<string, readonly string[]>> = {
  device: ['type'],
  o: ['device', 'type'],
  size: [],
  type: ['device'],
};

/** Docker's options of the local driver: `type`, `device`, `o`, `size`. Throws `InvalidVolumeOptionError` in Docker's words. */
export function readLocalOptions(options: Readonly<Record<string, string>>): LocalOptions {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(needs, name));
  if (unknown !== undefined) throw new InvalidVolumeOptionError(`invalid option: ${JSON.stringify(unknown)}`);
  const { type, device, o = '', size } = options;
  if (type === 'cifs' && hasPort(device ?? '')) {
    throw new InvalidVolumeOptionError("port not allowed in CIFS device URL, include 'port' in 'o='");
  }
  const sizeBytes = size === undefined ? 0 : parseSize(size);
  for (const name of Object.keys(options).sort()) {
    const missing = needs[name]?.find((other) => options[other] === undefined);
    if (missing !== undefined) {
      throw new InvalidVolumeOptionError(`missing required option: ${JSON.stringify(missing)}`);
    }
  }
  return {
    mountOptions: o,
    ...(type && { type }),
    ...(device && { device }),
    ...(sizeBytes > 0 && { sizeBytes }),
  };
}

function hasPort(device: string): boolean {
  return /^(?:\w+:)?\/\/[^/]*:\d+(?:\/|$)/.test(device);
}

function parseSize(text: string): number {
  try {
    return parseByteSize(text);
  } catch (cause) {
    throw new InvalidVolumeOptionError(errorMessage(cause));
  }
}
