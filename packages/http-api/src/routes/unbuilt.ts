import { EngineError } from '@gantry/base';
import { NotBuiltError } from '../errors.ts';
import { sendJson } from '../server/respond.ts';
import type { Route, RouteMethod } from './route.ts';

/** Docker's operations that Gantry knows and does not have, by operation id. They answer 501, never "page not found". */
const operations: readonly (readonly [RouteMethod, string, string])[] = [
  ['GET', '/containers/:id/checkpoints', 'CheckpointList'],
  ['POST', '/containers/:id/checkpoints', 'CheckpointCreate'],
  ['DELETE', '/containers/:id/checkpoints/:checkpoint', 'CheckpointDelete'],
  ['POST', '/build/cancel', 'BuildCancel'],
  ['GET', '/plugins/privileges', 'GetPluginPrivileges'],
  ['POST', '/plugins/pull', 'PluginPull'],
  ['POST', '/plugins/create', 'PluginCreate'],
];

/** The rest of Docker's API. There are no plugins, so a list of them is empty and a named one is not found. */
export const unbuiltRoutes: readonly Route[] = [
  ...operations.map(
    ([method, path, operation]): Route => ({
      method,
      path,
      handle: () => {
        throw new NotBuiltError(`${operation} (${method} ${path.replace(/:(\w+)/g, '{$1}')})`);
      },
    }),
  ),
  { method: 'GET', path: '/plugins', handle: (exchange) => sendJson(exchange, 200, []) },
  ...(['GET', 'POST', 'DELETE'] as const).map(
    (method): Route => ({
      method,
      path: '/plugins/*',
      handle: ({ params }) => {
        const name = (params['*'] ?? '').replace(method === 'DELETE' ? /$/ : /\/[a-z]+$/, '');
        throw new EngineError(
          'not-found',
          'plugin-not-found',
          `plugin ${JSON.stringify(name.slice(0, 255))} not found`,
        );
      },
    }),
  ),
];
