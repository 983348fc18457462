import { PluginClient, type PluginDirectories } from '@gantry/plugins';
import { VolumeDriverNotFoundError } from './errors.ts';
import type { LocalDriver } from './local/local-driver.ts';
import { PluginDriver, volumeRole } from './plugin/plugin-driver.ts';
import type { VolumeDriver } from './volume-driver.ts';

/** Plugins of all roles lie in one directory: how long one may take to say what it is. */
const handshakeMs = 5_000;

/** The local driver, and plugins by name, as they come and go. */
export class DriverSet {
  readonly local: LocalDriver;
  readonly #directories: PluginDirectories;
  readonly #closing: AbortSignal;
  readonly #clients = new Map<string, { client: PluginClient; driver: PluginDriver }>();
  readonly #used = new Set<string>();

  constructor(local: LocalDriver, directories: PluginDirectories, closing: AbortSignal) {
    this.local = local;
    this.#directories = directories;
    this.#closing = closing;
  }

  /** Those of a plugin are made whether it is there or not: the calls fail then. */
  named(name: string): VolumeDriver {
    return name === 'local' ? this.local : this.#plugin(name).driver;
  }

  /** Throws `VolumeDriverNotFoundError` when no plugin of that name drives volumes. */
  async existing(name: string): Promise<VolumeDriver> {
    if (name === 'local') return this.local;
    try {
      this.#directories.find(name);
      const { client, driver } = this.#plugin(name);
      const roles = await client.roles({ patient: true, signal: this.#closing });
      if (!roles.includes(volumeRole)) {
        throw new Error(`plugin does not implement the requested driver: ${volumeRole}`);
      }
      this.#used.add(name);
      return driver;
    } catch (error) {
      this.#closing.throwIfAborted();
      throw new VolumeDriverNotFoundError(name, error);
    }
  }

  /** The plugins that drive volumes and answer. */
  async plugins(): Promise<VolumeDriver[]> {
    const found = await Promise.all(
      this.#directories.names().map(async (name) => {
        const { client, driver } = this.#plugin(name);
        const asking = client.roles({ timeoutMs: handshakeMs, signal: this.#closing });
        const roles = await asking.catch((): string[] => []);
        if (!roles.includes(volumeRole)) return [];
        this.#used.add(name);
        return [driver];
      }),
    );
    return found.flat();
  }

  usedNames(): string[] {
    return ['local', ...[...this.#used].sort()];
  }

  #plugin(name: string): { client: PluginClient; driver: PluginDriver } {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = new PluginClient(name, { address: () => this.#directories.find(name) });
    const made = { client, driver: new PluginDriver(client, this.#closing) };
    this.#clients.set(name, made);
    return made;
  }
}
