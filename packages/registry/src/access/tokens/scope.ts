/** Something that a token allows; as in the claim `access` of distribution's tokens. */
export interface ScopeAccess {
  type: string;
  name: string;
  actions: readonly string[];
}

const maxScopes = 100;
const maxScopeLength = 4096;

/**
 * Scopes of a request for a token, each as `repository:team/app:pull,push` or `registry:catalog:*`, separated by spaces or given
 * several times. What cannot be read is left out: it grants nothing.
 */
export function parseScopes(texts: readonly string[]): ScopeAccess[] {
  const words = texts.flatMap((text) => text.slice(0, maxScopeLength).split(' '));
  return words.slice(0, maxScopes).flatMap((word) => {
    const [, type, name, actions] = /^([a-z]+)(?:\([^)]*\))?:([^ ]+):([a-z*,]*)$/.exec(word) ?? [];
    if (type === undefined || name === undefined || actions === undefined) return [];
    return [{ type, name, actions: actions.split(',').filter((action) => action !== '') }];
  });
}

export function formatScope({ type, name, actions }: ScopeAccess): string {
  return `${type}:${name}:${actions.join(',')}`;
}

/** Whether the list allows all of the actions. */
export function covers(granted: readonly ScopeAccess[], wanted: ScopeAccess): boolean {
  return wanted.actions.every((action) =>
    granted.some(
      ({ type, name, actions }) =>
        type === wanted.type && name === wanted.name && (actions.includes(action) || actions.includes('*')),
    ),
  );
}
