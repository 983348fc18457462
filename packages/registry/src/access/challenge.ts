import type { AccessRequest } from './access.ts';
import type { AccessSettings } from './access-settings.ts';
import { formatScope, type ScopeAccess } from './tokens/scope.ts';

export interface ChallengeReason {
  scope?: ScopeAccess;
  /** RFC 6750: what is wrong with a token that came. */
  error?: 'invalid_token' | 'insufficient_scope';
}

export const tokenPath = '/token';

/** The value of `WWW-Authenticate`: the token service, or, where there is none, a user and password. */
export function challengeFor(
  { tokens }: AccessSettings,
  request: AccessRequest,
  { scope, error }: ChallengeReason = {},
): string {
  if (tokens === undefined) return 'Basic realm="gantry-registry"';
  const parameters = [
    `realm="${tokens.realm ?? ownRealm(request)}"`,
    `service="${tokens.service}"`,
    ...(scope === undefined ? [] : [`scope="${formatScope(scope)}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ];
  return `Bearer ${parameters.join(',')}`;
}

/** The address that the client used says itself. It is told to nobody else, so that a wrong one harms only who sent it. */
function ownRealm({ headers, isEncrypted }: AccessRequest): string {
  const host = headers.host ?? '';
  const safe = /^[\w.-]{1,253}(?::\d{1,5})?$|^\[[\da-fA-F:.]{2,45}\](?::\d{1,5})?$/.test(host)
    ? host
    : 'localhost';
  return `${isEncrypted ? 'https' : 'http'}://${safe}${tokenPath}`;
}
