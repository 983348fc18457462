import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger, systemClock } from '@gantry/base';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../src/index.ts';
import { FakeBuildBackend } from './fake-build-backend.ts';
import { FakeBuildkitBackend } from './fake-buildkit-backend.ts';
import { FakeContainerBackend } from './fake-container-backend.ts';
import { FakeDiskBackend } from './fake-disk-backend.ts';
import { FakeExecBackend } from './fake-exec-backend.ts';
import { FakeFilesBackend } from './fake-files-backend.ts';
import { FakeImageBackend } from './fake-image-backend.ts';
import { FakeNetworkBackend } from './fake-network-backend.ts';
import { FakeRegistryBackend } from './fake-registry-backend.ts';
import { FakeSystemBackend, FakeVolumeBackend } from './fake-system-backend.ts';

/** A server on a socket of its own, with fakes behind it. */
export interface TestServer extends AsyncDisposable {
  socketPath: string;
  server: ApiServer;
  containers: FakeContainerBackend;
  images: FakeImageBackend;
  system: FakeSystemBackend;
  networks: FakeNetworkBackend;
}

export async function startTestServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gantry-http-'));
  const socketPath = path.join(directory, 'api.sock');
  const images = new FakeImageBackend();
  const system = new FakeSystemBackend();
  const networks = new FakeNetworkBackend();
  const containers = new FakeContainerBackend({ onEvent: (message) => system.send(message) });
  const server = createApiServer({
    containers,
    execs: new FakeExecBackend(containers),
    files: new FakeFilesBackend(),
    images,
    builds: new FakeBuildBackend(),
    buildkit: new FakeBuildkitBackend(),
    system,
    networks,
    volumes: new FakeVolumeBackend(),
    disk: new FakeDiskBackend(),
    registries: new FakeRegistryBackend(),
    logger: silentLogger,
    clock: systemClock,
    version: '0.1.0',
    ...options,
  });
  await server.listen({ kind: 'unix', path: socketPath });
  return {
    socketPath,
    server,
    containers,
    images,
    system,
    networks,
    [Symbol.asyncDispose]: async () => {
      await server.close({ timeoutMs: 1000 });
      await rm(directory, { recursive: true, force: true });
    },
  };
}
