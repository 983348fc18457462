import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { errorMessage } from '@gantry/base';
import { PluginFailedError } from './errors.ts';

/** Where a plugin listens: the path of a unix socket, or a host with a port. */
export type PluginAddress =
  | { kind: 'unix'; socketPath: string }
  | { kind: 'tcp'; host: string; port: number; tls?: PluginTls };

/** `TLSConfig` of a plugin's `.json` file: paths of PEM files. */
export interface PluginTls {
  insecureSkipVerify: boolean;
  caFile?: string;
  certFile?: string;
  keyFile?: string;
}

/**
 * Reads an address as specification files have it: `unix:///path`, `tcp://host:port`, `http://…` or `https://…`. Throws
 * `PluginFailedError`.
 */
export function parseAddress(plugin: string, text: string, tls?: PluginTls): PluginAddress {
  if (text.startsWith('unix://')) return { kind: 'unix', socketPath: text.slice('unix://'.length) };
  const parsed = URL.parse(text);
  const scheme = parsed?.protocol.slice(0, -1) ?? '';
  if (parsed === null || !['tcp', 'http', 'https'].includes(scheme) || parsed.hostname === '') {
    throw new PluginFailedError(
      plugin,
      `plugin ${plugin}: ${JSON.stringify(text.slice(0, 200))} is no address`,
    );
  }
  const secure = scheme === 'https' ? (tls ?? { insecureSkipVerify: false }) : tls;
  const port = Number(parsed.port) || (secure === undefined ? 80 : 443);
  return { kind: 'tcp', host: parsed.hostname, port, ...(secure && { tls: secure }) };
}

/** What `node:http` or `node:https` connects with. Throws `PluginFailedError` for a PEM file that cannot be read. */
export function connectionOptions(plugin: string, address: PluginAddress): RequestOptions {
  if (address.kind === 'unix') return { socketPath: address.socketPath };
  const { host, port, tls } = address;
  if (tls === undefined) return { host, port };
  try {
    return {
      host,
      port,
      rejectUnauthorized: !tls.insecureSkipVerify,
      ...(tls.caFile && { ca: readFileSync(tls.caFile) }),
      ...(tls.certFile && { cert: readFileSync(tls.certFile) }),
      ...(tls.keyFile && { key: readFileSync(tls.keyFile) }),
    };
  } catch (error) {
    throw new PluginFailedError(plugin, `plugin ${plugin}: ${errorMessage(error)}`, error);
  }
}
