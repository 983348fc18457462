import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path, { posix } from 'node:path';
import type { RunMount } from '@gantry/dockerfile';
import {
  bindMount,
  copyTree,
  type Directory,
  isErrno,
  keyBytes,
  mountMapped,
  openIn,
  pathText,
  statAt,
  type UserNamespace,
  umount,
} from '@gantry/kernel';
import type { SpecMount } from '@gantry/runtime';
import type { BuildClient } from '../build-client.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { InvalidBuildError, SourceNotFoundError } from '../errors.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { openAgentSocket } from './agent-socket.ts';
import { hostOwner } from './host-owner.ts';
import { mountLayers } from './layered-tree.ts';
import { checkSecretSize, SecretFiles } from './secret-files.ts';

/** A mount of a RUN, its variables put in and its source found. */
export interface StepMount extends RunMount {
  /** Where it is in the file system: absolute. Undefined for a secret that is a variable alone. */
  readonly destination: string | undefined;
  /** Of the stage, image or context that a bind mount shows, or that a cache begins with. */
  readonly files: SourceFiles | undefined;
}

export interface MountRequest {
  readonly mounts: readonly StepMount[];
  /** Missing: nobody lends anything. */
  readonly client: BuildClient | undefined;
  /** Of files of the moment; it is there. */
  readonly directory: string;
  /** Those of the step, where they are not the host's. */
  readonly users?: UserNamespace;
  readonly signal: AbortSignal;
}

/** What mounts are for the command. */
export interface OpenedMounts {
  readonly mounts: readonly SpecMount[];
  /** `NAME=value` of secrets and agents, which no key and no history has. */
  readonly variables: readonly string[];
}

type Place = { readonly mount: StepMount; readonly destination: string };

/**
 * Makes everything that a RUN wants mounted; what it opens goes with `opened`. What is written into a bind mount is forgotten then,
 * into a cache mount kept. Throws `SourceNotFoundError`, `InvalidBuildError`.
 */
export async function openMounts(
  environment: BuilderEnvironment,
  request: MountRequest,
  opened: AsyncDisposableStack,
): Promise<OpenedMounts> {
  const specMounts: SpecMount[] = [];
  const variables: string[] = [];
  const sources = new Map<StepMount, string>();
  for (const mount of inLockOrder(request.mounts)) {
    if (mount.type === 'cache')
      sources.set(mount, await cacheDirectory(environment, mount, { ...request, opened }));
    else if (mount.type === 'bind')
      sources.set(mount, await boundPlace(environment, mount, { ...request, opened }));
  }
  const lent = new LentFiles(request, opened);
  for (const mount of request.mounts) {
    if (mount.type === 'secret') variables.push(...(await lent.secret(mount, sources)));
    if (mount.type === 'ssh') variables.push(...(await lent.agent(mount, sources)));
    if (mount.destination !== undefined)
      specMounts.push(...specMount({ mount, destination: mount.destination }, sources.get(mount)));
  }
  return { mounts: specMounts, variables };
}

/** Locked caches in one order for all steps, or two would wait for each other. */
function inLockOrder(mounts: readonly StepMount[]): StepMount[] {
  return mounts.toSorted((a, b) => (cacheId(a) < cacheId(b) ? -1 : 1));
}

function specMount({ mount, destination }: Place, source: string | undefined): SpecMount[] {
  if (source !== undefined) {
    const options = ['rbind', mount.readOnly ? 'ro' : 'rw', 'rprivate'];
    return [{ type: 'bind', source, destination, options }];
  }
  if (mount.type !== 'tmpfs') return [];
  const size = mount.size === undefined ? [] : [`size=${mount.size}`];
  const options = ['nosuid', 'nodev', 'mode=1777', ...size];
  return [{ type: 'tmpfs', source: 'tmpfs', destination, options }];
}

/** What the client lends to one step. */
class LentFiles {
  readonly #request: MountRequest;
  readonly #opened: AsyncDisposableStack;
  #files: SecretFiles | undefined;
  #agents = 0;

  constructor(request: MountRequest, opened: AsyncDisposableStack) {
    this.#request = request;
    this.#opened = opened;
  }

  /** Puts the file's place into `sources`. Returns the variable, where it is one. */
  async secret(mount: StepMount, sources: Map<StepMount, string>): Promise<string[]> {
    const { client, signal } = this.#request;
    const id = secretId(mount);
    const secret = await client?.secret?.(id, { signal });
    if (secret === undefined) {
      if (mount.required !== true) return [];
      throw new InvalidBuildError(`secret ${id}: not found`);
    }
    checkSecretSize(id, secret);
    const { mode = 0o400, uid = 0, gid = 0 } = mount;
    const owner = hostOwner(this.#request.users, { uid, gid });
    if (mount.destination !== undefined)
      sources.set(mount, (await this.#place()).write(secret, { mode, ...owner }));
    return mount.env === undefined ? [] : [`${mount.env || id}=${Buffer.from(secret).toString()}`];
  }

  async agent(mount: StepMount, sources: Map<StepMount, string>): Promise<string[]> {
    const { client, signal, directory, users } = this.#request;
    const id = mount.id ?? 'default';
    await using first = await client?.ssh?.(id, { signal });
    if (first === undefined) {
      if (mount.required !== true) return [];
      throw new InvalidBuildError(`no SSH key "${id}" forwarded from the client`);
    }
    const { mode = 0o600, uid = 0, gid = 0 } = mount;
    const socket = path.join(directory, `agent-${this.#agents++}`);
    const connect = async () => await client?.ssh?.(id, { signal });
    const owner = { mode, ...hostOwner(users, { uid, gid }) };
    this.#opened.use(await openAgentSocket({ path: socket, owner, connect }));
    sources.set(mount, socket);
    return this.#agents === 1 ? [`SSH_AUTH_SOCK=${mount.destination ?? ''}`] : [];
  }

  async #place(): Promise<SecretFiles> {
    const directory = path.join(this.#request.directory, 'secrets');
    this.#files ??= this.#opened.use(await SecretFiles.open(directory));
    return this.#files;
  }
}

function secretId(mount: StepMount): string {
  return mount.id ?? mount.source ?? posix.basename(mount.target ?? '');
}

/** Writable layers of their own: whatever is written goes with them. */
async function boundPlace(
  environment: BuilderEnvironment,
  mount: StepMount,
  { users, opened }: Pick<MountRequest, 'users'> & { opened: AsyncDisposableStack },
): Promise<string> {
  const source = mount.source ?? '/';
  const tree = opened.use(await mountLayers(environment, (await mount.files?.layers()) ?? [], users));
  using rooted = tree.open();
  const at = foundIn(source, () => {
    const place = rooted.resolve(source);
    rooted.open(place).close();
    return place;
  });
  return path.join(tree.root, pathText(keyBytes(at.join('/'))));
}

function cacheId(mount: StepMount): string {
  return mount.id ?? mount.destination ?? '';
}

/** The place of a cache, or of what lies in it; a step that changes the cache meanwhile changes nothing about what is mounted. */
async function cacheDirectory(
  environment: BuilderEnvironment,
  mount: StepMount,
  { directory, users, opened }: Pick<MountRequest, 'directory' | 'users'> & { opened: AsyncDisposableStack },
): Promise<string> {
  const { sharing = 'shared', mode, uid, gid, source, files } = mount;
  const beginsEmpty = files === undefined;
  const cache = opened.use(
    await environment.cacheMounts.acquire({
      id: cacheId(mount),
      sharing,
      ...(mode !== undefined && { mode }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(files !== undefined && {
        beginning: {
          content: [...files.ids, source ?? '/'].join(),
          fill: (empty) => copyFiles(environment, { files, source: source ?? '/' }, empty),
        },
      }),
    }),
  );
  const isWhole = !beginsEmpty || source === undefined;
  if (isWhole && users === undefined) return cache.directory;
  const place = path.join(directory, randomUUID());
  return await boundWithin(cache.directory, isWhole ? '/' : source, { place, users, opened });
}

async function copyFiles(
  environment: BuilderEnvironment,
  { files, source }: { files: SourceFiles; source: string },
  to: Directory,
): Promise<void> {
  await using tree = await mountLayers(environment, await files.layers());
  using rooted = tree.open();
  using from = foundIn(source, () => rooted.openDirectory(rooted.resolve(source)));
  await copyTree(from, to);
}

/** Mounts what `path` leads to within a directory, by its descriptor. */
async function boundWithin(
  root: string,
  source: string,
  { place, users, opened }: { place: string; users: UserNamespace | undefined; opened: AsyncDisposableStack },
): Promise<string> {
  using found = foundIn(source, () => openIn(root, source));
  if (statAt(found.fd, '').kind === 'directory') mkdirSync(place, { mode: 0o700 });
  else writeFileSync(place, '', { mode: 0o600 });
  if (users === undefined) bindMount(found.path, place);
  else mountMapped(found.path, place, users);
  opened.defer(async () => void (await umount(place, { detach: true })));
  return place;
}

function foundIn<T>(source: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw new SourceNotFoundError('RUN --mount', source);
    throw error;
  }
}
