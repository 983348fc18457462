import type http from 'node:http';
import type { Clock, Logger } from '@gantry/base';
import { type BoundAddress, HttpServer } from '@gantry/http-server';
import type { RequestGuard } from '../authorization/request-guard.ts';
import type { BuildBackend } from '../backends/build-backend.ts';
import type { BuildkitBackend } from '../backends/buildkit-backend.ts';
import type { ContainerBackend } from '../backends/container-backend.ts';
import type { ContainerFilesBackend } from '../backends/container-files-backend.ts';
import type { DiskBackend } from '../backends/disk-backend.ts';
import type { ExecBackend } from '../backends/exec-backend.ts';
import type { ImageBackend } from '../backends/image-backend.ts';
import type { NetworkBackend } from '../backends/network-backend.ts';
import type { RegistryBackend } from '../backends/registry-backend.ts';
import type { SystemBackend, VolumeBackend } from '../backends/system-backend.ts';
import type { ListenAddress } from '../listeners/listen-address.ts';
import { mutualTls, requireAuthentication } from '../listeners/mutual-tls.ts';
import { allRoutes } from '../routes/all-routes.ts';
import { Dispatcher } from './dispatcher.ts';
import { defaultLimits, type ServerLimits } from './limits.ts';

export interface ApiServerOptions {
  containers: ContainerBackend;
  execs: ExecBackend;
  files: ContainerFilesBackend;
  images: ImageBackend;
  builds: BuildBackend;
  buildkit: BuildkitBackend;
  system: SystemBackend;
  networks: NetworkBackend;
  volumes: VolumeBackend;
  registries: RegistryBackend;
  disk: DiskBackend;
  logger: Logger;
  clock: Clock;
  /** The engine's version, for the `Server` header. */
  version: string;
  limits?: Partial<ServerLimits>;
  /** Asked before each request, and before each answer. */
  guard?: RequestGuard;
}

/** Docker's Engine API on any number of sockets. */
export interface ApiServer extends AsyncDisposable {
  /** Resolves when clients can connect. Throws `ListenError`; the other listeners go on. */
  listen(address: ListenAddress): Promise<BoundAddress>;
  /**
   * Takes no more connections, ends streams and waits, lets other requests finish for `timeoutMs` (default 5,000), then
   * closes what is left. Removes the socket files. Idempotent.
   */
  close(options?: { timeoutMs?: number }): Promise<void>;
}

/** Makes the server; it serves nobody before `listen`. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new NodeApiServer(options);
}

class NodeApiServer implements ApiServer {
  readonly #server: HttpServer;
  readonly #logger: Logger;

  constructor(options: ApiServerOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const logger = options.logger.child({ component: 'http-api' });
    const dispatcher = new Dispatcher({
      routes: allRoutes(options),
      version: options.version,
      logger,
      clock: options.clock,
      limits,
      guard: options.guard,
    });
    this.#logger = logger;
    this.#server = new HttpServer({
      handle: (...request) => dispatcher.handle(...request),
      mayUpgrade,
      onClosing: () => dispatcher.close(),
      problem: (message) => ({ message }),
      limits,
      logger,
      clock: options.clock,
    });
  }

  async listen(address: ListenAddress): Promise<BoundAddress> {
    if (address.kind === 'tcp') requireAuthentication(address, `tcp://${address.host}:${address.port}`);
    const tls = address.kind === 'unix' || address.tls === undefined ? undefined : mutualTls(address.tls);
    const checkTcp = (where: string): void => {
      if (address.kind === 'fd') requireAuthentication(address, where);
    };
    const bound = await this.#server.listen(address, { tls, checkTcp });
    this.#logger.info('API listens', { ...bound });
    return bound;
  }

  close(options: { timeoutMs?: number } = {}): Promise<void> {
    return this.#server.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Only attach, exec start and BuildKit's connections are taken over. */
function mayUpgrade({ headers, method, url = '' }: http.IncomingMessage): boolean {
  const path = url.split('?', 1)[0] ?? '';
  const protocol = headers.upgrade?.toLowerCase();
  if (protocol === 'websocket') return method === 'GET' && /\/containers\/+[^/]+\/+attach\/+ws$/.test(path);
  if (protocol === 'h2c') return method === 'POST' && /^(?:\/v[\d.]+)?\/+(?:grpc|session)$/.test(path);
  return (
    protocol === 'tcp' &&
    method === 'POST' &&
    /\/(containers\/+[^/]+\/+attach|exec\/+[^/]+\/+start)$/.test(path)
  );
}
