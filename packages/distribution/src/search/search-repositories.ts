import { RegistryRefusedError, SearchUnsupportedError } from '../errors.ts';
import { readBody, readProblem } from '../http/registry-answer.ts';
import type { RegistryCredentials } from '../remote-repository.ts';
import type { RegistryConnection } from '../transfer/registry-connection.ts';

/** A repository as Docker's search tells it. */
export interface FoundRepository {
  name: string;
  description: string;
  starCount: number;
  isOfficial: boolean;
}

export interface SearchOptions {
  /** At most so many are wanted; the registry's own number when missing. */
  limit?: number;
  credentials?: RegistryCredentials;
  signal?: AbortSignal;
}

const maxAnswerBytes = 4 << 20;
/** The most that Docker asks for; a registry that sends more is cut off. */
const maxResults = 100;

/** `GET /v1/search?q=`, as Docker Hub has it. Throws as `RegistryClient.search`. */
export async function searchRepositories(
  connection: RegistryConnection,
  term: string,
  { registry, limit, signal }: SearchOptions & { registry: string },
): Promise<FoundRepository[]> {
  const query = new URLSearchParams({ q: term, ...(limit === undefined ? {} : { n: String(limit) }) });
  const answer = await connection.ask({
    method: 'GET',
    path: `/v1/search?${query}`,
    scope: 'registry:catalog:search',
    headers: { Accept: 'application/json' },
    signal,
  });
  const { response, status, url } = answer;
  if (status === 404 || status === 405 || status === 501) {
    response.resume();
    throw new SearchUnsupportedError(registry, `${status} ${response.statusMessage ?? ''}`.trim());
  }
  if (status !== 200) {
    const { message } = await readProblem(response);
    throw new RegistryRefusedError(url.href, status, `${url.href}: ${message}`);
  }
  const results = resultsIn(await readBody(response, url.href, maxAnswerBytes));
  if (results === undefined) {
    throw new SearchUnsupportedError(registry, 'what it answers is no list of results');
  }
  return results.slice(0, limit ?? maxResults);
}

/** Undefined for what is not an answer of a search. */
function resultsIn(body: Buffer): FoundRepository[] | undefined {
  let results: unknown;
  try {
    ({ results } = JSON.parse(body.toString()) as { results: unknown });
  } catch {
    return undefined;
  }
  return Array.isArray(results) ? results.flatMap((result) => repositoryIn(result) ?? []) : undefined;
}

function repositoryIn(result: unknown): FoundRepository | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { name, description, star_count: stars, is_official: official } = result as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') return undefined;
  return {
    name,
    description: typeof description === 'string' ? description : '',
    starCount: typeof stars === 'number' && Number.isSafeInteger(stars) ? stars : 0,
    isOfficial: official === true,
  };
}
