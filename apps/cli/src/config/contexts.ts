import { createHash } from 'node:crypto';
import path from 'node:path';
import { type EngineAddress, parseAddress, type TlsSettings } from '@gantry/client';
import { CommandError } from '../errors.ts';
import { readIfThere } from './config-file.ts';

interface ContextMeta {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

/** The endpoint of a context in Docker's store: `contexts/meta/<sha256 of the name>/meta.json`, and its TLS files. */
export function readContext(configDirectory: string, name: string): EngineAddress {
  const id = createHash('sha256').update(name).digest('hex');
  const text = readIfThere(path.join(configDirectory, 'contexts/meta', id, 'meta.json'));
  if (text === undefined) {
    throw new CommandError(1, `context ${JSON.stringify(name)}: context not found`, { kind: 'not-found' });
  }
  const endpoint = (JSON.parse(text) as ContextMeta).Endpoints?.docker;
  if (!endpoint?.Host) throw new CommandError(1, `context ${JSON.stringify(name)} has no docker endpoint`);
  const tlsFile = (file: string): string | undefined =>
    readIfThere(path.join(configDirectory, 'contexts/tls', id, 'docker', file));
  const [ca, cert, key] = [tlsFile('ca.pem'), tlsFile('cert.pem'), tlsFile('key.pem')];
  const tls: TlsSettings | undefined =
    ca === undefined && cert === undefined && !endpoint.SkipTLSVerify
      ? undefined
      : { ca, cert, key, verify: !endpoint.SkipTLSVerify };
  return parseAddress(endpoint.Host, tls);
}
