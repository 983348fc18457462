import type { BuildkitBackend, SessionOffer } from '../backends/buildkit-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { upgradeToHttp2 } from '../wire/upgrade-http2.ts';
import type { Route } from './route.ts';

/** How BuildKit's clients (buildx, Compose) come in: connections that they ask to upgrade. */
export function buildkitRoutes(buildkit: BuildkitBackend): Route[] {
  return [
    {
      method: 'POST',
      path: '/grpc',
      hijacks: true,
      handle: async (exchange) => {
        const { signal } = exchange;
        await buildkit.serve(upgradeToHttp2(exchange), signal);
      },
    },
    {
      method: 'POST',
      path: '/session',
      hijacks: true,
      handle: async (exchange) => {
        const offer = sessionOffer(exchange);
        const { signal } = exchange;
        await buildkit.acceptSession(upgradeToHttp2(exchange), offer, signal);
      },
    },
  ];
}

/** No session has more. */
const maxMethods = 256;

function sessionOffer({ request }: Exchange): SessionOffer {
  const header = (name: string): string => one(request.headers[`x-docker-expose-session-${name}`]);
  const id = header('uuid');
  if (id === '' || id.length > 256) throw new InvalidRequestError('a session needs an id');
  const methods = request.headersDistinct['x-docker-expose-session-grpc-method'] ?? [];
  return { id, name: header('name'), sharedKey: header('sharedkey'), methods: methods.slice(0, maxMethods) };
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
