import { InvalidInputError } from './errors.ts';

/** PEM texts and switches of a TLS connection. */
export interface TlsSettings {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** False accepts any server certificate (`--tls` without `--tlsverify`). */
  verify: boolean;
}

/** An engine on another machine, reached by the `ssh` program. */
export interface SshAddress {
  readonly kind: 'ssh';
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** The engine's socket there; the other machine's default when missing. */
  readonly path?: string;
}

/** Where an engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | SshAddress
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: TlsSettings };

/**
 * Reads Docker's host notation: `unix:///run/x.sock`, `tcp://host:port`, `http(s)://host:port`, `host:port`,
 * `ssh://[user@]host[:port][/path]`. The port of `tcp` defaults to 2375, or 2376 with `tls`. Throws `InvalidInputError` for anything else, `npipe://`
 * included.
 */
export function parseAddress(text: string, tls?: TlsSettings): EngineAddress {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [undefined, 'tcp', text];
  if (scheme === 'unix') {
    if (!rest?.startsWith('/')) throw new InvalidInputError(`invalid unix socket address: ${text}`);
    return { kind: 'unix', path: rest };
  }
  if (scheme === 'ssh') return parseSsh(text, rest ?? '');
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') {
    throw new InvalidInputError(`invalid bind address format: ${text}: '${scheme}' is not supported`);
  }
  const match = /^(\[[0-9a-fA-F:.%]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/.exec(rest ?? '');
  const port = Number(match?.[2] ?? (tls || scheme === 'https' ? 2376 : 2375));
  if (!match?.[1] || port > 65_535 || port === 0) {
    throw new InvalidInputError(`invalid bind address format: ${text}`);
  }
  const host = match[1].replace(/^\[(.*)\]$/, '$1');
  const settings = tls ?? (scheme === 'https' ? { verify: true } : undefined);
  return { kind: 'tcp', host, port, ...(settings ? { tls: settings } : {}) };
}

/** Nothing that ssh could take for an option, or a shell for anything but a word. */
function parseSsh(text: string, rest: string): SshAddress {
  const match = /^(?:([\w.+-]+)@)?(\[[0-9a-fA-F:.%]+\]|[\w.-]+)(?::(\d{1,5}))?(\/[\w./+@-]*)?$/.exec(rest);
  const [, user, host = '', port, socketPath = ''] = match ?? [];
  if (host === '' || host.startsWith('-') || user?.startsWith('-') || Number(port ?? 22) > 65_535) {
    throw new InvalidInputError(`invalid ssh address: ${text}: want ssh://[user@]host[:port][/path]`);
  }
  return {
    kind: 'ssh',
    host: host.replace(/^\[(.*)\]$/, '$1'),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(socketPath === '' || socketPath === '/' ? {} : { path: socketPath }),
  };
}

/** The notation that `parseAddress` reads. */
export function formatAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  if (address.kind === 'ssh') {
    const { user, port, path = '' } = address;
    return `ssh://${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}${path}`;
  }
  return `tcp://${host}:${address.port}`;
}
