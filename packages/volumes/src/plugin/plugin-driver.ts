import { statSync } from 'node:fs';
import path from 'node:path';
import {
  type PluginCall,
  type PluginClient,
  PluginMethodMissingError,
  PluginRefusedError,
} from '@gantry/plugins';
import { PluginAnswerError } from '../errors.ts';
import type { DriverVolume, MountableVolume, VolumeDriver, VolumeScope } from '../volume-driver.ts';
import { readPluginVolume, textOf } from './plugin-volume.ts';

/** The role, and the prefix of the methods. */
export const volumeRole = 'VolumeDriver';

/** What takes a plugin to its storage may last; asking what it has may not. Docker's limits. */
const longMs = 120_000;
const shortMs = 60_000;

/**
 * A volume driver behind Docker's plugin protocol (`VolumeDriver.*`). An error that the plugin tells in its answer is thrown in the
 * plugin's words; what it tells of paths and names is checked before it is believed.
 */
export class PluginDriver implements VolumeDriver {
  readonly name: string;
  readonly #client: PluginClient;
  readonly #closing: AbortSignal;
  #scope: VolumeScope | undefined;

  /** `closing` ends the calls that are under way. */
  constructor(client: PluginClient, closing: AbortSignal) {
    this.name = client.name;
    this.#client = client;
    this.#closing = closing;
  }

  /** Asked once. A plugin from before scopes has none, and is local. */
  async scope(): Promise<VolumeScope> {
    this.#scope ??= await this.#askScope();
    return this.#scope;
  }

  async create(name: string, options: Readonly<Record<string, string>>): Promise<void> {
    await this.#call('Create', { Name: name, Opts: options }, { timeoutMs: longMs, patient: true });
  }

  needsMount(): boolean {
    return true;
  }

  async mount({ name }: MountableVolume, holder: string): Promise<string> {
    const question = { Name: name, ID: holder };
    const { Mountpoint } = await this.#call('Mount', question, { timeoutMs: longMs, patient: true });
    return this.#directory(textOf(Mountpoint));
  }

  async unmount({ name }: MountableVolume, { holder }: { holder: string }): Promise<void> {
    await this.#call('Unmount', { Name: name, ID: holder }, { timeoutMs: longMs });
  }

  /** Whatever the plugin has to say against it means that it does not have the volume. */
  async get(name: string): Promise<DriverVolume | undefined> {
    try {
      const { Volume: told } = await this.#call('Get', { Name: name }, { timeoutMs: shortMs });
      const volume = readPluginVolume(told);
      if (volume?.name !== name) return undefined;
      return volume.mountpoint === '' ? { ...volume, mountpoint: await this.#path(name) } : volume;
    } catch (error) {
      if (error instanceof PluginSaidError || error instanceof PluginRefusedError) return undefined;
      throw error;
    }
  }

  async list(): Promise<DriverVolume[]> {
    const { Volumes: told } = await this.#call('List', {}, { timeoutMs: shortMs });
    if (told === undefined || told === null) return [];
    if (!Array.isArray(told)) throw new PluginAnswerError(this.name, 'its list of volumes is none');
    return told.flatMap((each: unknown) => readPluginVolume(each) ?? []);
  }

  async remove({ name }: MountableVolume): Promise<undefined> {
    await this.#call('Remove', { Name: name }, { timeoutMs: longMs, patient: true });
    return undefined;
  }

  async #askScope(): Promise<VolumeScope> {
    try {
      const { Capabilities: capabilities } = await this.#call('Capabilities', {}, { timeoutMs: shortMs });
      const { Scope: scope } = (capabilities ?? {}) as { Scope?: unknown };
      return textOf(scope).toLowerCase() === 'global' ? 'global' : 'local';
    } catch (error) {
      if (error instanceof PluginMethodMissingError || error instanceof PluginSaidError) return 'local';
      throw error;
    }
  }

  /** Of a volume that is mounted, where the plugin does not tell with the rest. */
  async #path(name: string): Promise<string> {
    const { Mountpoint } = await this.#call('Path', { Name: name }, { timeoutMs: shortMs }).catch(
      (): Record<string, unknown> => ({}),
    );
    const place = textOf(Mountpoint);
    return path.isAbsolute(place) ? place : '';
  }

  async #call(method: string, question: object, options: PluginCall): Promise<Record<string, unknown>> {
    const answer = await this.#client.call(volumeRole, `${volumeRole}.${method}`, question, {
      ...options,
      signal: this.#closing,
    });
    const { Err: said } = answer;
    if (said !== undefined && said !== null && said !== '')
      throw new PluginSaidError(textOf(said) || 'an error');
    return answer;
  }

  /** Containers get to see it: it is a directory, and not the host's whole file system. */
  #directory(mountpoint: string): string {
    const sound =
      path.isAbsolute(mountpoint) && path.normalize(mountpoint) !== '/' && !mountpoint.includes('\0');
    const stat = sound ? statSync(mountpoint, { throwIfNoEntry: false }) : undefined;
    if (stat?.isDirectory() === true) return mountpoint;
    throw new PluginAnswerError(
      this.name,
      `its mountpoint ${JSON.stringify(mountpoint.slice(0, 200))} is no directory`,
    );
  }
}

/** An error in the plugin's own words, as `Err` in its answer. */
class PluginSaidError extends Error {}
