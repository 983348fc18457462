import { existsSync } from 'node:fs';
import path from 'node:path';

/** A directory for `DOCKER_CONFIG` with buildx and Compose; `scripts/fetch-docker.sh` makes it. */
export const dockerPlugins: string =
  process.env['GANTRY_DOCKER_PLUGINS'] ??
  path.resolve(import.meta.dirname, '../../node_modules/.cache/docker');

/** A test option: what drives the plugins is left out where they are missing, and that fails CI. */
export const needsDockerPlugins: { skip: string | false } = {
  skip: !existsSync(path.join(dockerPlugins, 'cli-plugins/docker-buildx')) && 'needs scripts/fetch-docker.sh',
};
