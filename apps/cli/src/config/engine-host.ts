import path from 'node:path';
import { type EngineAddress, parseAddress, type TlsSettings } from '@gantry/client';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { readIfThere } from './config-file.ts';
import { defaultSocket } from './default-socket.ts';

/** The engine to talk to. */
export interface EngineHost {
  readonly address: EngineAddress;
  /** True when flags, environment or a context named it; an engine is started only for the default. */
  readonly explicit: boolean;
}

export interface HostSources {
  readonly flags: FlagValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly configDirectory: string;
}

/**
 * In this order: `-H`, `-c`, `GANTRY_HOST`, `DOCKER_HOST`, `DOCKER_CONTEXT`, the default socket. Docker's *current*
 * context is not followed: it names a Docker engine, and this program must not drive that one by accident.
 */
export async function findEngineHost(sources: HostSources): Promise<EngineHost> {
  const { flags, environment } = sources;
  const hosts = flags.list('host');
  if (hosts.length > 1) throw new CommandError(1, 'Specify only one -H');
  const context = flags.string('context');
  if (hosts.length > 0 && context !== '') {
    throw new CommandError(1, 'conflicting options: cannot specify both --host and --context');
  }
  const host =
    hosts[0] ?? (context === '' ? environment['GANTRY_HOST'] || environment['DOCKER_HOST'] : undefined);
  if (host) return { address: parseAddress(host, tlsOf(sources)), explicit: true };
  const contextName = context || environment['DOCKER_CONTEXT'];
  if (contextName && contextName !== 'default') {
    const { readContext } = await import('./contexts.ts');
    return { address: readContext(sources.configDirectory, contextName), explicit: true };
  }
  return { address: { kind: 'unix', path: defaultSocket }, explicit: false };
}

/** `--tls…`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`; undefined when TLS is not asked for. */
function tlsOf({ flags, environment, configDirectory }: HostSources): TlsSettings | undefined {
  const verify = flags.has('tlsverify')
    ? flags.boolean('tlsverify')
    : Boolean(environment['DOCKER_TLS_VERIFY']);
  if (!verify && !flags.boolean('tls') && !environment['DOCKER_TLS']) return undefined;
  const directory = environment['DOCKER_CERT_PATH'] || configDirectory;
  const read = (flag: string, name: string): string | undefined => {
    const given = flags.string(flag);
    const text = readIfThere(given || path.join(directory, name));
    if (text === undefined && given !== '') throw new CommandError(1, `cannot read ${given} of --${flag}`);
    return text;
  };
  return {
    ca: read('tlscacert', 'ca.pem'),
    cert: read('tlscert', 'cert.pem'),
    key: read('tlskey', 'key.pem'),
    verify,
  };
}
