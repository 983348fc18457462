import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { RegistryConfigurationError } from '../errors.ts';
import type { RegistryHost } from './registry-host.ts';

type Certificates = Pick<RegistryHost, 'certificateAuthorities' | 'clientCertificate'>;

/**
 * What Docker reads in `/etc/docker/certs.d/<host[:port]>`: `*.crt` are authorities, `*.cert` with a `*.key` of the same name is
 * the client's certificate, the first one. A missing directory has none. Throws `RegistryConfigurationError`.
 */
export async function readCertificates(directory: string, registry: string): Promise<Certificates> {
  const folder = path.join(directory, registry);
  const names = await namesIn(folder);
  const read = (name: string): Promise<string> => readText(path.join(folder, name));
  const certificateAuthorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
  const [own] = names.filter((name) => name.endsWith('.cert'));
  if (own === undefined) return { certificateAuthorities };
  const key = own.replace(/\.cert$/, '.key');
  if (!names.includes(key)) {
    throw new RegistryConfigurationError(
      path.join(folder, own),
      `missing key ${key} for client certificate ${own}. CA certificates must use the extension .crt`,
    );
  }
  return {
    certificateAuthorities,
    clientCertificate: { certificate: await read(own), key: await read(key) },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw new RegistryConfigurationError(folder, 'cannot be read', error);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RegistryConfigurationError(file, 'cannot be read', error);
  }
}
