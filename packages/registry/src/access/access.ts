import type { IncomingHttpHeaders } from 'node:http';

/** What may be done in a repository. Nothing implies another: who may push asks for `pull` too. */
export type RepositoryAction = 'pull' | 'push' | 'delete';

/** Who asks. */
export interface Identity {
  /** As in the user file or the list of robots; empty for `anonymous`. */
  name: string;
  kind: 'user' | 'robot' | 'anonymous';
}

/** What the registry knows of a request before it looks at what is asked. */
export interface AccessRequest {
  headers: IncomingHttpHeaders;
  /** Whether it came over TLS: says how the token service's own address begins. */
  isEncrypted: boolean;
  /** Address of the client, without port; guessing passwords is slowed down for each. */
  remoteAddress: string;
}

/**
 * Finds out who asks.
 *
 * ```ts
 * const caller = await access.identify(request);
 * caller.require('team/app', ['pull', 'push']);
 * ```
 */
export interface Access {
  /**
   * The caller of a request: of a password, of a token, or anonymous when no credentials came. Throws `UnauthorizedError`
   * for credentials that are wrong, of a kind that is not taken, or past their end, and `TooManySignInsError` after many
   * wrong ones. What is not allowed is said by the caller's methods, not here.
   */
  identify(request: AccessRequest): Promise<Caller>;
}

/** Somebody who asks, for the length of one request. */
export interface Caller {
  readonly identity: Identity;

  /**
   * For the base endpoint, where clients learn how to sign in. Throws `UnauthorizedError` when nobody signed in, also where
   * anonymous callers may pull; never where the registry knows no users at all.
   */
  requireSignIn(): void;

  /**
   * Throws `UnauthorizedError`, whose challenge names what is missing, to anonymous callers and those with a token, and
   * `DeniedError` to those who came with a password.
   */
  require(repository: string, actions: readonly RepositoryAction[]): void;

  /** For mounts, where what is not allowed is left undone instead of refused. */
  may(repository: string, action: RepositoryAction): boolean;

  /** For lists of repositories: tells which of them the caller may see. Throws as `require` when it may see no list. */
  visible(): (repository: string) => boolean;

  /** For what concerns all repositories: the garbage collection by hand, metrics. Throws as `require`. */
  requireAdministration(): void;
}
