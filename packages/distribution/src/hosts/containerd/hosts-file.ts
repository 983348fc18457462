import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import { parse } from 'smol-toml';
import { RegistryConfigurationError } from '../../errors.ts';

export type HostCapability = 'pull' | 'resolve' | 'push';

/** A host of `hosts.toml`, as it says it. */
export interface ConfiguredHost {
  url: URL;
  capabilities: ReadonlySet<HostCapability>;
  /** Files with certificates in PEM. */
  authorityFiles: readonly string[];
  /** Certificate and key, which may be one file. */
  clientFiles?: { certificate: string; key: string };
  skipsVerification: boolean;
  /** The address has the path of the API already: `/v2` is not put behind it. */
  overridesPath: boolean;
  /** Sent with every request. Never logged. */
  headers: Readonly<Record<string, string>>;
}

export interface HostsFile {
  /** In the order in which they are asked. */
  hosts: readonly ConfiguredHost[];
  /** The registry itself, asked last; undefined when the file does not say where it is. */
  server: ConfiguredHost | undefined;
}

const maxBytes = 64 * 1024;
const maxHosts = 64;
const hostFields = ['capabilities', 'ca', 'client', 'skip_verify', 'override_path', 'header'];
const allCapabilities: readonly HostCapability[] = ['pull', 'resolve', 'push'];

/**
 * Reads a `hosts.toml` as containerd has it (containerd: docs/hosts.md). Undefined when it is not there. Throws
 * `RegistryConfigurationError` for what it does not have, by name.
 */
export async function readHostsFile(file: string): Promise<HostsFile | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const reader = new FieldReader(file);
  let document: Fields;
  try {
    document = parse(text, { maxDepth: 16, unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    throw new RegistryConfigurationError(file, errorMessage(error).split('\n', 1)[0] ?? '', error);
  }
  const { server, host, ...more } = document;
  const hosts = Object.entries(reader.table(host ?? {}, 'host'));
  if (hosts.length > maxHosts) throw reader.failure('host', `has more than ${maxHosts} entries`);
  return {
    hosts: hosts.map(([address, fields]) => reader.host(address, reader.table(fields, `host."${address}"`))),
    server: server === undefined ? reader.none(more) : reader.host(reader.text(server, 'server'), more),
  };
}

type Fields = Record<string, unknown>;

/** Checks values of one file, and tells of a wrong one by file and name. */
class FieldReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  failure(field: string, problem: string): RegistryConfigurationError {
    return new RegistryConfigurationError(this.#file, `'${field}' ${problem}`);
  }

  /** Fields of a server that is not named mean nothing. */
  none(fields: Fields): undefined {
    const [field] = Object.keys(fields);
    if (field !== undefined) throw this.failure(field, "is not known without a 'server'");
  }

  host(address: string, fields: Fields): ConfiguredHost {
    const unknown = Object.keys(fields).find((field) => !hostFields.includes(field));
    if (unknown !== undefined) throw this.failure(unknown, 'is not known');
    const { capabilities, ca, client, skip_verify: skips, override_path: overrides, header } = fields;
    const clientFiles = client === undefined ? undefined : this.#client(client);
    return {
      url: this.#address(address),
      capabilities: new Set(this.#capabilities(capabilities ?? allCapabilities)),
      authorityFiles: this.#texts(ca ?? [], 'ca').map((name) => this.#path(name)),
      ...(clientFiles === undefined ? {} : { clientFiles }),
      skipsVerification: this.#truth(skips ?? false, 'skip_verify'),
      overridesPath: this.#truth(overrides ?? false, 'override_path'),
      headers: this.#headers(this.table(header ?? {}, 'header')),
    };
  }

  table(value: unknown, field: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date))
      return value as Fields;
    throw this.failure(field, 'is no table');
  }

  text(value: unknown, field: string): string {
    if (typeof value === 'string' && value !== '') return value;
    throw this.failure(field, 'is no text');
  }

  #truth(value: unknown, field: string): boolean {
    if (typeof value === 'boolean') return value;
    throw this.failure(field, 'is neither true nor false');
  }

  /** One text, or a list of them. */
  #texts(value: unknown, field: string): string[] {
    return (Array.isArray(value) ? value : [value]).map((item) => this.text(item, field));
  }

  /** A host without a scheme is spoken to by https. */
  #address(address: string): URL {
    const url = URL.parse(address.includes('://') ? address : `https://${address}`);
    const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '';
    if (isPlain && ['http:', 'https:'].includes(url.protocol)) return url;
    throw this.failure(address, 'is no address of a registry');
  }

  #capabilities(value: unknown): HostCapability[] {
    return this.#texts(value, 'capabilities').map((text) => {
      const known = allCapabilities.find((capability) => capability === text);
      if (known === undefined)
        throw this.failure('capabilities', `has ${JSON.stringify(text)}, which is none`);
      return known;
    });
  }

  /** A file with both, `[[certificate, key]]`, or a list of one file. */
  #client(value: unknown): { certificate: string; key: string } {
    const [first, ...more]: unknown[] = Array.isArray(value) ? value : [value];
    if (more.length > 0) throw this.failure('client', 'has several certificates; one is shown');
    const [certificate, key, ...rest]: unknown[] = Array.isArray(first) ? first : [first];
    if (rest.length > 0) throw this.failure('client', 'is no certificate with its key');
    const file = this.#path(this.text(certificate, 'client'));
    const isOneFile = key === undefined || key === '';
    return { certificate: file, key: isOneFile ? file : this.#path(this.text(key, 'client')) };
  }

  #headers(fields: Fields): Record<string, string> {
    const headers = Object.entries(fields).map(([name, value]) => {
      const text = this.#texts(value, `header.${name}`).join(', ');
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e]/.test(text)) {
        throw this.failure(`header.${name}`, 'cannot be sent');
      }
      return [name, text] as const;
    });
    return Object.fromEntries(headers);
  }

  /** Relative ones lie beside the file. */
  #path(name: string): string {
    return path.resolve(path.dirname(this.#file), name);
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= maxBytes) return bytes.toString();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RegistryConfigurationError(file, 'cannot be read', error);
  }
  throw new RegistryConfigurationError(file, `is longer than ${maxBytes} bytes`);
}
