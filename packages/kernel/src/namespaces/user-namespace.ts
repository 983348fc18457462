import { read, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { Descriptor, openPath } from '../files/descriptor.ts';
import { openFlags } from '../files/flags.ts';
import { type IdMaps, idMapText } from '../ids/id-maps.ts';
import { closeDescriptor, writeDescriptor } from '../processes/descriptors.ts';
import { awaitChild } from '../processes/pidfd.ts';
import { makePipe } from '../processes/pipes.ts';
import { spawnProcess } from '../processes/spawn.ts';

/** A user namespace, and perhaps a network namespace that belongs to it; both exist while this is open. */
export class UserNamespace implements Disposable {
  readonly maps: IdMaps;
  readonly #user: Descriptor;
  readonly #network: Descriptor | undefined;

  constructor(maps: IdMaps, user: Descriptor, network: Descriptor | undefined) {
    this.maps = maps;
    this.#user = user;
    this.#network = network;
  }

  get descriptor(): Descriptor {
    return this.#user;
  }

  /** A path by which other processes of root reach it while this is open. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#user.fd}`;
  }

  /** The same of the network namespace. */
  get networkPath(): string | undefined {
    return this.#network && `/proc/${process.pid}/fd/${this.#network.fd}`;
  }

  [Symbol.dispose](): void {
    this.#user.close();
    this.#network?.close();
  }
}

/**
 * Makes a user namespace in which the ids of `maps` exist, and with `network` a network namespace whose interfaces and settings
 * its root may change. A process with several threads cannot go into one (user_namespaces(7)), so that a short-lived one of
 * util-linux does, about 4 ms. The caller disposes. Throws a `KernelError`: EPERM where the host forbids them
 * (`user.max_user_namespaces`), EINVAL for maps that the kernel does not take.
 */
export async function createUserNamespace(
  maps: IdMaps,
  options: { network?: boolean } = {},
): Promise<UserNamespace> {
  await using resident = await spawnResident([], options.network === true ? ['--user', '--net'] : ['--user']);
  const of = (name: string): string => `/proc/${resident.pid}/${name}`;
  writeMap(of('uid_map'), idMapText(maps.uids));
  writeMap(of('gid_map'), idMapText(maps.gids));
  const open = (kind: string): Descriptor => new Descriptor(openPath(of(`ns/${kind}`), openFlags.readOnly));
  using opened = new DisposableStack();
  const user = opened.use(open('user'));
  const network = options.network === true ? open('net') : undefined;
  opened.move();
  return new UserNamespace(maps, user, network);
}

/**
 * The user namespace of process `pid`, whose maps are known to be these; with `network`, and a fresh network namespace in it. The
 * caller disposes. Throws ENOENT when there is no such process.
 */
export async function joinUserNamespace(
  pid: number,
  maps: IdMaps,
  options: { network?: boolean } = {},
): Promise<UserNamespace> {
  using opened = new DisposableStack();
  const user = opened.use(new Descriptor(openPath(`/proc/${pid}/ns/user`, openFlags.readOnly)));
  let network: Descriptor | undefined;
  if (options.network === true) {
    const place = `/proc/${process.pid}/fd/${user.fd}`;
    await using resident = await spawnResident(['/usr/bin/nsenter', `--user=${place}`, '--'], ['--net']);
    network = new Descriptor(openPath(`/proc/${resident.pid}/ns/net`, openFlags.readOnly));
  }
  opened.move();
  return new UserNamespace(maps, user, network);
}

/** A process in namespaces of its own, run by `prefix`, until it is disposed. */
async function spawnResident(
  prefix: readonly string[],
  namespaces: readonly string[],
): Promise<{ pid: number } & AsyncDisposable> {
  const input = makePipe();
  const output = makePipe();
  await using ours = new AsyncDisposableStack();
  ours.adopt(input.writeEnd, closeDescriptor);
  ours.adopt(output.readEnd, closeDescriptor);
  const command = [...prefix, '/usr/bin/unshare', ...namespaces, '--', '/bin/cat'];
  const pid = await spawnWith(command, input.readEnd, output.writeEnd);
  ours.defer(() => {
    process.kill(pid, 'SIGKILL');
    return awaitChild(pid);
  });
  // It answers once it is there.
  writeDescriptor(input.writeEnd, Buffer.from('\n'));
  if ((await readByte(output.readEnd)) === 0) {
    throw new KernelError('unshare', constants.errno.EPERM, namespaces.join(' '));
  }
  const held = ours.move();
  return { pid, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function spawnWith(command: readonly string[], stdin: number, stdout: number): Promise<number> {
  const [file = '', ...args] = command;
  try {
    return await spawnProcess({ file, args, env: [], descriptors: [stdin, stdout] });
  } finally {
    closeDescriptor(stdin);
    closeDescriptor(stdout);
  }
}

/** How many bytes came; none at the end. */
function readByte(fd: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, Buffer.alloc(1), 0, 1, null, (error, length) => (error ? reject(error) : resolve(length)));
  });
}

/** The kernel takes a map in one write, once. */
function writeMap(file: string, text: string): void {
  writeFileSync(file, text);
}
