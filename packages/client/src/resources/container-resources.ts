import type { ContainerUpdateRequest, ContainerUpdateResponse } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { on } from './container-path.ts';

/** Changes limits and restart policy; zero and empty mean "as it is". */
export function updateContainer(
  client: ApiClient,
  ref: string,
  request: ContainerUpdateRequest,
): Promise<ContainerUpdateResponse> {
  return client.json({ ...on(ref, 'POST', '/update'), json: request });
}
