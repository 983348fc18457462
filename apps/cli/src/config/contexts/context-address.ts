import { type EngineAddress, parseAddress, type TlsSettings } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import { unresolved } from '../engine-host.ts';
import { ContextStore } from './context-store.ts';

/** Where the engine of a stored context listens. Throws `CommandError` when there is no such context. */
export function contextAddress(configDirectory: string, name: string): EngineAddress {
  try {
    const { metadata, tls } = new ContextStore(configDirectory).read(name);
    const endpoint = metadata.Endpoints['docker'];
    if (!endpoint?.Host) throw new CommandError(1, `context ${JSON.stringify(name)} has no docker endpoint`);
    return parseAddress(endpoint.Host, tlsSettings(endpoint.SkipTLSVerify ?? false, tls.get('docker')));
  } catch (error) {
    if (error instanceof Error) error.message = `${unresolved}: ${error.message}`;
    throw error;
  }
}

function tlsSettings(
  skipsVerification: boolean,
  files: ReadonlyMap<string, Uint8Array> = new Map(),
): TlsSettings | undefined {
  const text = (file: string): string | undefined => {
    const content = files.get(file);
    return content === undefined ? undefined : Buffer.from(content).toString('utf8');
  };
  const [ca, cert, key] = [text('ca.pem'), text('cert.pem'), text('key.pem')];
  if (ca === undefined && cert === undefined && !skipsVerification) return undefined;
  return { ca, cert, key, verify: !skipsVerification };
}
