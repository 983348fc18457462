import type {
  ContainerStatsResponse,
  ContainerUpdateRequest,
  ContainerUpdateResponse,
} from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { readJsonLines } from '../json-lines.ts';
import { on } from './container-path.ts';

/** Changes limits and restart policy; zero and empty mean "as it is". */
export function updateContainer(
  client: ApiClient,
  ref: string,
  request: ContainerUpdateRequest,
): Promise<ContainerUpdateResponse> {
  return client.json({ ...on(ref, 'POST', '/update'), json: request });
}

/** With `stream` a sample a second until the container is removed; otherwise one, after a second. */
export async function containerStats(
  client: ApiClient,
  ref: string,
  { stream, signal }: { stream: boolean; signal?: AbortSignal | undefined },
): Promise<AsyncIterable<ContainerStatsResponse>> {
  const response = await client.request({ ...on(ref, 'GET', '/stats'), query: { stream }, signal });
  return readJsonLines<ContainerStatsResponse>(response.body);
}
