import { isIP, isIPv4 } from 'node:net';
import { errorMessage } from '@gantry/base';
import type { LocalOptions } from './local-options.ts';

/** A host name's address; rejects when it has none. */
export type Lookup = (host: string) => Promise<string>;

/**
 * The device and option string with the server's name resolved: the kernel's own NFS and CIFS clients take addresses only. For NFS it is
 * `addr=` among the options, for CIFS that or the host of `//host/share`.
 */
export async function resolveServer(
  { type, device = '', mountOptions }: LocalOptions,
  lookup: Lookup,
): Promise<{ device: string; mountOptions: string }> {
  if (type !== 'nfs' && type !== 'nfs4' && type !== 'cifs') return { device, mountOptions };
  const address = /(?:^|,)addr=([^,]*)/.exec(mountOptions)?.[1] ?? '';
  if (address !== '' && !isIPv4(address)) {
    const found = await resolve(address, lookup);
    return { device, mountOptions: mountOptions.replace(`addr=${address}`, () => `addr=${found}`) };
  }
  const host = type === 'cifs' && address === '' ? (/^\/\/([^/]+)/.exec(device)?.[1] ?? '') : '';
  if (host === '' || isIP(host) !== 0) return { device, mountOptions };
  const found = await resolve(host, lookup);
  return { device: device.replace(host, () => found), mountOptions };
}

async function resolve(host: string, lookup: Lookup): Promise<string> {
  try {
    return isIP(host) === 0 ? await lookup(host) : host;
  } catch (error) {
    const fact = errorMessage(error);
    throw new Error(`error resolving passed in network volume address: lookup ${host}: ${fact}`, {
      cause: error,
    });
  }
}
