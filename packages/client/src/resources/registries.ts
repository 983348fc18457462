import type { SystemAuthResponse } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';

export interface SignInRequest {
  username?: string;
  password?: string;
  serveraddress: string;
  identitytoken?: string;
}

/** Asks a registry, through the engine, whether it takes the credentials. */
export function signIn(client: ApiClient, request: SignInRequest): Promise<SystemAuthResponse> {
  return client.json({ method: 'POST', path: '/auth', json: request });
}
