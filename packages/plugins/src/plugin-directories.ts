import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import { PluginFailedError, PluginNotFoundError } from './errors.ts';
import { type PluginAddress, type PluginTls, parseAddress } from './plugin-address.ts';

/** Where Docker's plugins put their sockets, and files that say where the socket is. */
const socketDirectory = '/run/docker/plugins';
const specificationDirectories = ['/etc/docker/plugins', '/usr/lib/docker/plugins'];

/** A name becomes a file's: nothing in it leads out of the directory. */
const pluginName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const maxFileBytes = 64 * 1024;

/** Docker's directories of plugins that run beside the engine, and one of this engine's own, which comes first. */
export class PluginDirectories {
  readonly #sockets: readonly string[];
  readonly #specifications: readonly string[];

  /** `directory` is the engine's own: of sockets. */
  constructor(
    directory: string,
    docker: { sockets: string; specifications: readonly string[] } = {
      sockets: socketDirectory,
      specifications: specificationDirectories,
    },
  ) {
    this.#sockets = [directory, docker.sockets];
    this.#specifications = docker.specifications;
  }

  /**
   * Where the plugin of that name listens: `<name>.sock` or `<name>/<name>.sock` in a directory of sockets, else what a `.spec` (an
   * address) or `.json` (Docker's fields) file says. Throws `PluginNotFoundError`, and `PluginFailedError` for a file that makes no sense.
   */
  find(name: string): PluginAddress {
    if (!pluginName.test(name)) throw new PluginNotFoundError(name);
    const socketPath = this.#sockets
      .flatMap((place) => [path.join(place, `${name}.sock`), path.join(place, name, `${name}.sock`)])
      .find((file) => isSocket(file));
    if (socketPath !== undefined) return { kind: 'unix', socketPath };
    for (const place of this.#specifications.flatMap((files) => [files, path.join(files, name)])) {
      const address = readSpecification(name, path.join(place, name));
      if (address !== undefined) return address;
    }
    throw new PluginNotFoundError(name);
  }

  /** Names of all plugins that have a socket or a file, in order. */
  names(): string[] {
    const names = new Set<string>();
    for (const place of this.#sockets) addNames(names, place, ['.sock']);
    for (const place of this.#specifications) addNames(names, place, ['.spec', '.json']);
    return [...names].filter((name) => pluginName.test(name)).sort();
  }
}

function addNames(names: Set<string>, place: string, endings: readonly string[]): void {
  for (const entry of namesIn(place)) {
    const ending = endings.find((candidate) => entry.endsWith(candidate));
    if (ending !== undefined) names.add(entry.slice(0, -ending.length));
    else if (namesIn(path.join(place, entry)).some((file) => endings.some((end) => file === entry + end))) {
      names.add(entry);
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isSocket(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isSocket() === true;
}

/** Docker's `.json` file. */
interface Specification {
  Addr?: unknown;
  TLSConfig?: {
    InsecureSkipVerify?: unknown;
    CAFile?: unknown;
    CertFile?: unknown;
    KeyFile?: unknown;
  } | null;
}

/** Undefined when there is no file. */
function readSpecification(name: string, base: string): PluginAddress | undefined {
  const address = readText(name, `${base}.spec`);
  if (address !== undefined) return parseAddress(name, address.trim());
  const text = readText(name, `${base}.json`);
  if (text === undefined) return undefined;
  try {
    const { Addr, TLSConfig } = JSON.parse(text) as Specification;
    return parseAddress(
      name,
      typeof Addr === 'string' ? Addr : '',
      TLSConfig ? readTls(TLSConfig) : undefined,
    );
  } catch (error) {
    throw new PluginFailedError(name, `${base}.json: ${errorMessage(error)}`, error);
  }
}

function readTls(given: NonNullable<Specification['TLSConfig']>): PluginTls {
  const file = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined;
  const [caFile, certFile, keyFile] = [file(given.CAFile), file(given.CertFile), file(given.KeyFile)];
  return {
    insecureSkipVerify: given.InsecureSkipVerify === true,
    ...(caFile && { caFile }),
    ...(certFile && { certFile }),
    ...(keyFile && { keyFile }),
  };
}

function readText(plugin: string, file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isFile() && stat.size <= maxFileBytes) return readFileSync(file, 'utf8');
  throw new PluginFailedError(plugin, `${file}: no file of at most ${maxFileBytes} bytes`);
}
