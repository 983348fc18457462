import type { ContainerCreateRequest } from '@gantry/api-types';
import { type ApiClient, writeContainerPath } from '@gantry/client';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import { defaultSocket } from '../config/default-socket.ts';
import { allCredentials, type StoredCredentials } from '../config/registry-auth.ts';
import type { Invocation } from '../invocation.ts';

/** Where clients in the container look for the engine. */
const socketInContainer = '/var/run/docker.sock';
const configDirectory = 'run/secrets/docker';

/**
 * `--use-api-socket`: adds the engine's socket to the request, and a configuration directory unless the user names one. What it
 * resolves with puts the user's credentials there, readable by root alone; they stay in the container's own files.
 */
export async function addApiSocket(
  { config, engine }: Pick<Invocation, 'config' | 'engine'>,
  request: ContainerCreateRequest,
): Promise<(id: string) => Promise<void>> {
  const client = await engine();
  const Source = client.address.kind === 'unix' ? client.address.path : defaultSocket;
  const mount = { Type: 'bind', Source, Target: socketInContainer, BindOptions: {} } as const;
  const host = (request.HostConfig ??= {});
  host.Mounts = [...(host.Mounts ?? []), mount];
  if ((request.Env ?? []).some((variable) => variable.startsWith('DOCKER_CONFIG='))) return async () => {};
  request.Env = [...(request.Env ?? []), `DOCKER_CONFIG=/${configDirectory}`];
  const credentials = allCredentials(config());
  return (id) => putCredentials(client, id, credentials);
}

async function putCredentials(client: ApiClient, id: string, credentials: StoredCredentials): Promise<void> {
  if (Object.keys(credentials).length === 0) return;
  const file = Buffer.from(`${JSON.stringify({ auths: credentials }, undefined, 2)}\n`);
  await writeContainerPath(client, id, archiveOf(file), { path: '/', copyUidGid: false });
}

async function* archiveOf(config: Buffer): AsyncGenerator<Uint8Array> {
  const parts = configDirectory.split('/');
  for (const [index] of parts.entries()) {
    const name = Buffer.from(parts.slice(0, index + 1).join('/'));
    yield encodeTarHeader({ type: 'directory', name, mode: 0o755 });
  }
  const name = Buffer.from(`${configDirectory}/config.json`);
  yield encodeTarHeader({ type: 'file', name, mode: 0o600, sizeBytes: config.length });
  yield config;
  yield tarPadding(config.length);
  yield tarEnd;
}
