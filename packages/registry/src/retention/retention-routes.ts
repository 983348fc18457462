import { sendJson } from '../http/respond.ts';
import type { RegistryRoute } from '../http/route.ts';
import type { RetentionRunner } from './retention-runner.ts';

/**
 * For administrators: `GET /api/v1/retention` tells what would go now, `POST` removes it. Both answer with
 * `{ "repositories": [{ "repository", "tags", "manifests" }] }`.
 */
export function retentionRoutes(runner: RetentionRunner): RegistryRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/retention',
      handle: async (exchange) => {
        (await exchange.caller()).requireAdministration();
        sendJson(exchange, { repositories: runner.plan() });
      },
    },
    {
      method: 'POST',
      path: '/api/v1/retention',
      handle: async (exchange) => {
        (await exchange.caller()).requireAdministration();
        sendJson(exchange, { repositories: await runner.run() });
      },
    },
  ];
}
