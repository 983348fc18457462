import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, chown, link, lstat, mkdir, mkdtemp, rename, rm, unlink } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { ListenError } from '../errors.ts';

/** `sun_path` of unix(7), less its final zero. */
const maxPathBytes = 107;
const attempts = 5;

/**
 * Makes `server` listen on a socket file that is never open to the world, not for an instant: it is bound and given its
 * mode and owner in a private directory, and then linked to its name. A file left by a dead server is replaced; one that
 * answers, or is no socket, is left alone (`ListenError`). Missing parents are made with mode 0755. Returns what removes
 * the file, if it is still ours.
 */
export async function listenOnUnixSocket(
  server: net.Server,
  { path: target, groupId }: { path: string; groupId?: number },
): Promise<() => Promise<void>> {
  if (!path.isAbsolute(target) || Buffer.byteLength(target) > maxPathBytes) {
    throw new ListenError(
      'invalid',
      'bad-listener',
      `socket path '${target}' must be absolute and at most ${maxPathBytes} bytes`,
    );
  }
  const parent = path.dirname(target);
  await makeParents(parent);
  const privateDirectory = await mkdtemp(path.join(parent, '.gantry-socket-'));
  const fd = openSync(privateDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // Named by descriptor: the length of the directory's own path does not count against `sun_path`.
    const inside = `/proc/self/fd/${fd}`;
    // libuv unlinks the name it bound when the server closes, and the number may be another directory by then.
    const bound = `${inside}/${randomBytes(8).toString('hex')}.sock`;
    await bind(server, bound);
    await chmod(bound, 0o660);
    await giveToGroup(bound, groupId);
    await linkInPlace(bound, target, inside);
    const { ino, dev } = await lstat(target);
    return async () => {
      const now = await lstat(target).catch(() => undefined);
      if (now?.ino === ino && now.dev === dev) await rm(target, { force: true });
    };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    closeSync(fd);
    await rm(privateDirectory, { recursive: true, force: true });
  }
}

async function makeParents(parent: string): Promise<void> {
  const firstMade = await mkdir(parent, { recursive: true, mode: 0o755 });
  if (firstMade === undefined) return;
  for (let made = parent; made.length >= firstMade.length; made = path.dirname(made))
    await chmod(made, 0o755);
}

function bind(server: net.Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: socketPath }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Only root may give files away; anybody else's socket stays theirs, or goes to a group they are in. */
async function giveToGroup(socketPath: string, groupId: number | undefined): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot || groupId !== undefined) await chown(socketPath, isRoot ? 0 : -1, groupId ?? 0);
}

async function linkInPlace(bound: string, target: string, inside: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      await link(bound, target);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await removeStale(target, `${inside}/stale-${attempt}`);
  }
  throw new ListenError(
    'conflict',
    'socket-in-use',
    `socket '${target}' is taken again and again by somebody else`,
  );
}

/** Takes the file away first and asks it then, so that of two servers that start at once none removes the other's socket. */
async function removeStale(target: string, aside: string): Promise<void> {
  const found = await lstat(target).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ListenError(
      'conflict',
      'not-a-socket',
      `'${target}' exists and is not a socket; remove it or listen elsewhere`,
    );
  }
  if (await answers(target)) throw inUse(target);
  try {
    await rename(target, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (await answers(aside)) {
    await link(aside, target).catch(() => {});
    throw inUse(target);
  }
  await unlink(aside);
}

function inUse(target: string): ListenError {
  return new ListenError('conflict', 'socket-in-use', `another server listens on '${target}'`);
}

/** True when somebody listens there. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path: socketPath });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'));
  });
}
