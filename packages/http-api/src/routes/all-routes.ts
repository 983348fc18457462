import type { ApiServerOptions } from '../server/api-server.ts';
import { buildkitRoutes } from './buildkit.ts';
import { buildRoutes } from './builds.ts';
import { containerFilesRoutes } from './container-files.ts';
import { containerLifecycleRoutes } from './container-lifecycle.ts';
import { containerResourceRoutes } from './container-resources.ts';
import { containerStreamRoutes } from './container-streams.ts';
import { containerRoutes } from './containers.ts';
import { diskRoutes } from './disk.ts';
import { execRoutes } from './execs.ts';
import { fsckRoutes } from './fsck.ts';
import { imageTransferRoutes } from './image-transfer.ts';
import { imageRoutes } from './images.ts';
import { networkRoutes } from './networks.ts';
import { registryRoutes } from './registries.ts';
import type { Route } from './route.ts';
import { swarmRoutes } from './swarm.ts';
import { systemRoutes } from './system.ts';
import { unbuiltRoutes } from './unbuilt.ts';
import { volumeRoutes } from './volumes.ts';

/** Every operation of the API, built or refused. */
export function allRoutes(backends: ApiServerOptions): Route[] {
  return [
    ...containerRoutes(backends.containers),
    ...containerFilesRoutes(backends.files),
    ...containerLifecycleRoutes(backends.containers),
    ...containerResourceRoutes(backends.containers),
    ...containerStreamRoutes(backends.containers),
    ...execRoutes(backends.execs),
    ...imageRoutes(backends.images),
    ...imageTransferRoutes(backends.images),
    ...buildRoutes(backends.builds),
    ...buildkitRoutes(backends.buildkit),
    ...registryRoutes(backends.registries),
    ...networkRoutes(backends.networks),
    ...volumeRoutes(backends.volumes),
    ...diskRoutes(backends.disk),
    ...fsckRoutes(backends.disk),
    ...systemRoutes(backends.system),
    ...swarmRoutes,
    ...unbuiltRoutes,
  ];
}
