import path from 'node:path';
import { type EngineAddress, parseAddress, type TlsSettings } from '@gantry/client';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { type ConfigFile, readIfThere } from './config-file.ts';
import { defaultContext } from './contexts/context.ts';
import { currentContext, hostVariable } from './contexts/current-context.ts';
import { defaultSocket } from './default-socket.ts';

/** Docker's words before why there is no engine to talk to. */
export const unresolved: string = 'Failed to initialize: unable to resolve docker endpoint';

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
  readonly config: () => ConfigFile;
}

/**
 * In Docker's order: `-H`, `-c`, `GANTRY_HOST`, `DOCKER_HOST`, `DOCKER_CONTEXT`, the configuration's current context, the default
 * socket.
 */
export async function findEngineHost(sources: HostSources): Promise<EngineHost> {
  const { flags, environment, configDirectory } = sources;
  const hosts = flags.list('host');
  if (hosts.length > 1) throw new CommandError(1, `${unresolved}: Specify only one -H`);
  if (hosts.length > 0 && flags.string('context') !== '') {
    throw new CommandError(1, 'conflicting options: cannot specify both --host and --context');
  }
  const context = currentContext({ flags, environment, config: sources.config() });
  if (context !== defaultContext) {
    const { contextAddress } = await import('./contexts/context-address.ts');
    return { address: contextAddress(configDirectory, context), explicit: true };
  }
  const host = defaultHost(sources);
  const tls = tlsOf(sources);
  if (host === undefined && tls === undefined) {
    return { address: { kind: 'unix', path: defaultSocket }, explicit: false };
  }
  return { address: parseAddress(host ?? 'tcp://localhost', tls), explicit: true };
}

/** What the context `default` names: `-H`, else the environment's; undefined for the default socket. */
export function defaultHost({
  flags,
  environment,
}: Pick<HostSources, 'flags' | 'environment'>): string | undefined {
  const variable = hostVariable(environment);
  return flags.list('host')[0] ?? (variable === undefined ? undefined : environment[variable]);
}

/** `--tls…`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`; undefined when TLS is not asked for. */
function tlsOf({ flags, environment, configDirectory }: HostSources): TlsSettings | undefined {
  const verify = flags.has('tlsverify')
    ? flags.boolean('tlsverify')
    : Boolean(environment['DOCKER_TLS_VERIFY']);
  if (!verify && !flags.boolean('tls') && !environment['DOCKER_TLS']) return undefined;
  const directory = environment['DOCKER_CERT_PATH'] || configDirectory;
  const read = (flag: string, name: string, needed = false): string | undefined => {
    const given = flags.string(flag);
    const file = given || path.join(directory, name);
    const text = readIfThere(file);
    if (text !== undefined || !(needed || given !== '')) return text;
    throw new CommandError(1, `${unresolved}: open ${file}: no such file or directory`);
  };
  return {
    ca: read('tlscacert', 'ca.pem', verify),
    cert: read('tlscert', 'cert.pem'),
    key: read('tlskey', 'key.pem'),
    verify,
  };
}
