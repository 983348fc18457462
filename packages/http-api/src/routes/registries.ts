import type { RegistryBackend } from '../backends/registry-backend.ts';
import { signInBody } from '../bodies/sign-in.ts';
import { InvalidRequestError, PageNotFoundError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { sendJson } from '../server/respond.ts';
import { readJsonBody } from '../wire/body.ts';
import { parseFilters } from '../wire/filters.ts';
import { splitImagePath } from '../wire/image-path.ts';
import { parseRegistryAuth } from '../wire/registry-auth.ts';
import type { Route } from './route.ts';

/** Registries: whether they take credentials, what they find, and what they have under a name. */
export function registryRoutes(registries: RegistryBackend): Route[] {
  return [
    { method: 'POST', path: '/auth', handle: (exchange) => signIn(registries, exchange) },
    { method: 'GET', path: '/images/search', handle: (exchange) => search(registries, exchange) },
    { method: 'GET', path: '/distribution/*', handle: (exchange) => inspect(registries, exchange) },
  ];
}

async function signIn(registries: RegistryBackend, exchange: Exchange): Promise<void> {
  const { email: _, ...auth } = (await readJsonBody(exchange, signInBody)) ?? {};
  sendJson(exchange, 200, await registries.signIn(auth, exchange.signal));
}

async function search(registries: RegistryBackend, exchange: Exchange): Promise<void> {
  const { query, request, signal } = exchange;
  const term = query.text('term');
  if (term === '') throw new InvalidRequestError('no term to search for: term must be given');
  const limit = query.integer('limit');
  const auth = parseRegistryAuth(request.headers['x-registry-auth']);
  const found = await registries.search(term, {
    filters: parseFilters(query),
    signal,
    ...(limit === undefined ? {} : { limit }),
    ...(auth === undefined ? {} : { auth }),
  });
  sendJson(exchange, 200, found);
}

async function inspect(registries: RegistryBackend, exchange: Exchange): Promise<void> {
  const { name, operation } = splitImagePath(exchange);
  if (operation !== 'json') throw new PageNotFoundError();
  const auth = parseRegistryAuth(exchange.request.headers['x-registry-auth']);
  const { signal } = exchange;
  sendJson(exchange, 200, await registries.inspect(name, { signal, ...(auth ? { auth } : {}) }));
}
