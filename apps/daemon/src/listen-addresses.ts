import { readFileSync } from 'node:fs';
import type { ListenAddress, TlsIdentity } from '@gantry/http-api';
import type { DaemonConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

/** systemd's first inherited descriptor, sd_listen_fds(3). */
const firstInheritedDescriptor = 3;

/**
 * Turns `-H` values into addresses: `unix:///path` (or a bare path), `tcp://host:port`, `fd://` for every socket that
 * systemd handed over. Throws `ConfigError` naming the value.
 */
export function listenAddresses(config: DaemonConfig, environment: NodeJS.ProcessEnv): ListenAddress[] {
  const tls = config.tls === undefined ? undefined : readTls(config.tls);
  return config.hosts.flatMap((host) => {
    if (host === 'fd://' || host.startsWith('fd://'))
      return inheritedSockets({ host, environment, config, tls });
    if (host.startsWith('tcp://')) return [tcpAddress(host, config, tls)];
    return [unixAddress(host, config.group)];
  });
}

function unixAddress(host: string, group: string | undefined): ListenAddress {
  const path = host.startsWith('unix://') ? host.slice('unix://'.length) : host;
  if (!path.startsWith('/')) {
    throw new ConfigError(`invalid host '${host}': unix:///path, tcp://host:port or fd://`);
  }
  return { kind: 'unix', path, ...(group === undefined ? {} : { groupId: groupId(group) }) };
}

function tcpAddress(host: string, config: DaemonConfig, tls: TlsIdentity | undefined): ListenAddress {
  const url = URL.parse(host);
  if (url === null || url.hostname === '' || (url.pathname !== '' && url.pathname !== '/')) {
    throw new ConfigError(`invalid host '${host}': tcp://host:port`);
  }
  const hostName = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (tls === undefined && !config.allowUnauthenticatedTcp) {
    throw new ConfigError(
      `${host}: TCP is served with mutual TLS only: anyone who can connect is root on this machine. ` +
        'Give --tlsverify, --tlscacert, --tlscert and --tlskey, or say both --tls=false and --tlsverify=false',
    );
  }
  const port = url.port === '' ? (tls === undefined ? 2375 : 2376) : Number(url.port);
  const access = tls === undefined ? { allowUnauthenticated: true } : { tls };
  return { kind: 'tcp', host: hostName, port, ...access };
}

interface InheritedSockets {
  host: string;
  environment: NodeJS.ProcessEnv;
  config: DaemonConfig;
  tls: TlsIdentity | undefined;
}

function inheritedSockets({ host, environment, config, tls }: InheritedSockets): ListenAddress[] {
  const count = Number(environment['LISTEN_FDS'] ?? 0);
  if (environment['LISTEN_PID'] !== String(process.pid) || !(count > 0)) {
    throw new ConfigError(
      `${host}: no sockets were handed over (LISTEN_FDS); start gantryd from a .socket unit`,
    );
  }
  return Array.from({ length: count }, (_, index) => ({
    kind: 'fd',
    fd: firstInheritedDescriptor + index,
    ...(tls === undefined ? { allowUnauthenticated: config.allowUnauthenticatedTcp } : { tls }),
  }));
}

function readTls(files: NonNullable<DaemonConfig['tls']>): TlsIdentity {
  return {
    ca: readFileSync(files.caFile, 'utf8'),
    cert: readFileSync(files.certFile, 'utf8'),
    key: readFileSync(files.keyFile, 'utf8'),
  };
}

/** group(5): by name or number. */
function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = line?.split(':')[2];
  if (id === undefined) throw new ConfigError(`group '${group}' does not exist`);
  return Number(id);
}
