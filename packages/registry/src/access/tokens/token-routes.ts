import type { RegistryExchange } from '../../http/registry-exchange.ts';
import { readBody } from '../../http/request-body.ts';
import { sendJson } from '../../http/respond.ts';
import type { RegistryRoute } from '../../http/route.ts';
import { tokenPath } from '../challenge.ts';
import { TokenRequestRefusedError, UnauthorizedError } from '../errors.ts';
import type { TokenAnswer, TokenService } from './token-service.ts';

const maxFormBytes = 64 << 10;
const headers = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

/** `GET` and `POST /token`. */
export function tokenRoutes(tokens: TokenService): RegistryRoute[] {
  return [
    {
      method: 'GET',
      path: tokenPath,
      handle: (exchange) => answer(exchange, () => tokens.get(exchange.accessRequest(), exchange.query)),
    },
    {
      method: 'POST',
      path: tokenPath,
      handle: (exchange) =>
        answer(exchange, async () => tokens.post(exchange.accessRequest(), await readForm(exchange))),
    },
  ];
}

/** Refusals carry OAuth2's words beside the registry's; clients of either read theirs. */
async function answer(exchange: RegistryExchange, work: () => Promise<TokenAnswer>): Promise<void> {
  try {
    sendJson(exchange, await work(), { headers });
  } catch (error) {
    if (error instanceof TokenRequestRefusedError) {
      sendJson(exchange, refusalOf(error.oauthError, 'UNSUPPORTED', error.message), { status: 400, headers });
    } else if (error instanceof UnauthorizedError) {
      const challenge = { ...headers, 'WWW-Authenticate': 'Basic realm="gantry-registry"' };
      const body = refusalOf('invalid_grant', 'UNAUTHORIZED', error.message);
      sendJson(exchange, body, { status: 401, headers: challenge });
    } else {
      throw error;
    }
  }
}

function refusalOf(error: string, code: string, message: string): object {
  return { error, error_description: message, errors: [{ code, message }] };
}

async function readForm({ request }: RegistryExchange): Promise<URLSearchParams> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new TokenRequestRefusedError(
      'invalid_request',
      'a form is expected (application/x-www-form-urlencoded)',
    );
  }
  return new URLSearchParams((await readBody(request, maxFormBytes)).toString());
}
