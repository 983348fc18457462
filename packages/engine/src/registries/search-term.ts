import { InvalidSearchError } from '../errors.ts';

/**
 * Where a term is searched for (moby: `registry/search.go`): what stands before the first slash is a registry if it looks like a
 * host; anything else is for Docker Hub. Throws `InvalidSearchError` for one with a scheme.
 */
export function splitSearchTerm(term: string): { registry: string; term: string } {
  if (term.includes('://')) {
    throw new InvalidSearchError(
      `invalid repository name: repository name (${term.slice(0, 255)}) should not have a scheme`,
    );
  }
  const [first = '', ...rest] = term.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const isHub = !isHost || first === 'docker.io' || first === 'index.docker.io';
  const path = isHost ? rest.join('/') : term;
  if (!isHub && !/^(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/.test(first)) {
    throw new InvalidSearchError(`invalid registry name: ${JSON.stringify(first.slice(0, 255))}`);
  }
  return isHub
    ? { registry: 'docker.io', term: path.replace(/^library\//, '') }
    : { registry: first, term: path };
}
