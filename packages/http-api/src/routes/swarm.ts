import { NotBuiltError, NotInSwarmError } from '../errors.ts';
import type { Route, RouteMethod } from './route.ts';

/** What a swarm manager does: Docker's answer of an engine that is none. */
const managerOperations: readonly (readonly [RouteMethod, string])[] = [
  ['GET', '/swarm'],
  ['GET', '/swarm/unlockkey'],
  ['POST', '/swarm/update'],
  ['GET', '/nodes'],
  ['GET', '/nodes/:id'],
  ['DELETE', '/nodes/:id'],
  ['POST', '/nodes/:id/update'],
  ['GET', '/services'],
  ['POST', '/services/create'],
  ['GET', '/services/:id'],
  ['DELETE', '/services/:id'],
  ['POST', '/services/:id/update'],
  ['GET', '/services/:id/logs'],
  ['GET', '/tasks'],
  ['GET', '/tasks/:id'],
  ['GET', '/tasks/:id/logs'],
  ['GET', '/secrets'],
  ['POST', '/secrets/create'],
  ['GET', '/secrets/:id'],
  ['DELETE', '/secrets/:id'],
  ['POST', '/secrets/:id/update'],
  ['GET', '/configs'],
  ['POST', '/configs/create'],
  ['GET', '/configs/:id'],
  ['DELETE', '/configs/:id'],
  ['POST', '/configs/:id/update'],
  ['PUT', '/volumes/:name'],
];

const notPartOfSwarm = 'This node is not part of a swarm';

/** Swarm mode, which this engine is not in. */
export const swarmRoutes: readonly Route[] = [
  ...managerOperations.map(([method, path]) => refusal(method, path, () => new NotInSwarmError())),
  refusal('POST', '/swarm/leave', () => new NotInSwarmError(notPartOfSwarm)),
  refusal('POST', '/swarm/unlock', () => new NotInSwarmError(notPartOfSwarm)),
  refusal('POST', '/swarm/init', () => new NotBuiltError('SwarmInit (POST /swarm/init)')),
  refusal('POST', '/swarm/join', () => new NotBuiltError('SwarmJoin (POST /swarm/join)')),
];

function refusal(method: RouteMethod, path: string, error: () => Error): Route {
  return {
    method,
    path,
    handle: () => {
      throw error();
    },
  };
}
