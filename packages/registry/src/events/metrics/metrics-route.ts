import { sendBytes } from '../../http/respond.ts';
import type { RegistryRoute } from '../../http/route.ts';
import type { MetricsSettings } from '../event-settings.ts';
import type { RegistryMetrics } from './registry-metrics.ts';

/** `GET /metrics`: for administrators, and for everybody where it is public. */
export function metricsRoute(metrics: RegistryMetrics, { isPublic }: MetricsSettings): RegistryRoute {
  return {
    method: 'GET',
    path: '/metrics',
    handle: async (exchange) => {
      if (!isPublic) (await exchange.caller()).requireAdministration();
      const bytes = await metrics.render();
      sendBytes(exchange, 200, { bytes, headers: { 'Content-Type': metrics.contentType } });
    },
  };
}
