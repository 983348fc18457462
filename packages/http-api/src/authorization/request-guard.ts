/** Whoever may forbid requests: authorization plugins. What it throws is the answer that the client gets. */
export interface RequestGuard {
  /** False: nobody is asked, and a request costs nothing more. */
  isActive(): boolean;
  /** Before the route runs. Throws forbidden. */
  request(request: GuardedRequest): Promise<void>;
  /** Before the answer goes out; not asked of streams, whose answer has no end to wait for. Throws forbidden. */
  response(request: GuardedRequest, response: GuardedResponse): Promise<void>;
}

export interface GuardedRequest {
  method: string;
  /** Path and query, as the client sent them. */
  uri: string;
  /** Without the credentials of registries. */
  headers: Readonly<Record<string, string>>;
  /**
   * JSON as the route will see it: parsed and written again, so that nobody can read it another way. Empty when there is
   * none, and for archives, which flow by.
   */
  body: Uint8Array;
  /** Common name of the client's certificate; empty without one. */
  user: string;
  /** PEM. */
  peerCertificates: readonly string[];
}

export interface GuardedResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}
