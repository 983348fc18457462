import type { DiskBackend } from '../backends/disk-backend.ts';
import { sendJson } from '../server/respond.ts';
import type { Route } from './route.ts';

/** Not Docker's: `POST /gantry/fsck[?repair=1]` checks what the engine keeps, and answers with what does not fit. */
export function fsckRoutes(disk: DiskBackend): Route[] {
  return [
    {
      method: 'POST',
      path: '/gantry/fsck',
      handle: async (exchange) => {
        const repair = exchange.query.flag('repair');
        sendJson(exchange, 200, { Problems: await disk.check({ repair }) });
      },
    },
  ];
}
