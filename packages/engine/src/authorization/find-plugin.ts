import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AuthorizationFailedError } from './errors.ts';

/** Where Docker's plugins put their sockets, and files that say where the socket is. */
const socketDirectory = '/run/docker/plugins';
const specDirectories = ['/etc/docker/plugins', '/usr/lib/docker/plugins'];

/**
 * The socket of a plugin: `<directory>/<name>.sock`, in Docker's directories too, or what a `.spec` or `.json` file names.
 * Throws `AuthorizationFailedError` when there is none, or it is not a unix socket.
 */
export function findPlugin(name: string, directory: string): string {
  const sockets = [directory, socketDirectory].flatMap((place) => [
    path.join(place, `${name}.sock`),
    path.join(place, name, `${name}.sock`),
  ]);
  const socket = sockets.find((file) => existsSync(file));
  if (socket !== undefined) return socket;
  for (const place of specDirectories.flatMap((specs) => [specs, path.join(specs, name)])) {
    const address = readAddress(path.join(place, name));
    if (address === undefined) continue;
    if (address.startsWith('unix://')) return address.slice('unix://'.length);
    throw new AuthorizationFailedError(
      name,
      `address ${address} is no unix socket: others are not built yet`,
    );
  }
  throw new AuthorizationFailedError(name, `plugin "${name}" not found`);
}

function readAddress(base: string): string | undefined {
  if (existsSync(`${base}.spec`)) return readFileSync(`${base}.spec`, 'utf8').trim();
  if (!existsSync(`${base}.json`)) return undefined;
  const { Addr } = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as { Addr?: string };
  return Addr;
}
