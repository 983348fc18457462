import type { ExecCreateRequest, ExecInspectResponse, ExecStartRequest, IDResponse } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import type { HijackedStream } from '../hijacked-stream.ts';

/** Returns the exec's id. Rejects with 409 when the container is paused or does not run. */
export async function createExec(
  client: ApiClient,
  containerRef: string,
  request: ExecCreateRequest,
): Promise<string> {
  const { Id } = await client.json<IDResponse>({
    method: 'POST',
    path: `/containers/${encodeURIComponent(containerRef)}/exec`,
    json: request,
  });
  return Id;
}

/** Starts and attaches; the caller closes the stream. */
export function startExec(
  client: ApiClient,
  id: string,
  request: ExecStartRequest,
  signal?: AbortSignal,
): Promise<HijackedStream> {
  return client.hijack({
    method: 'POST',
    path: `/exec/${id}/start`,
    json: { ...request, Detach: false },
    signal,
  });
}

/** Starts and does not attach. */
export function startExecDetached(
  client: ApiClient,
  id: string,
  request: ExecStartRequest = {},
): Promise<void> {
  return client.send({ method: 'POST', path: `/exec/${id}/start`, json: { ...request, Detach: true } });
}

export function inspectExec(client: ApiClient, id: string): Promise<ExecInspectResponse> {
  return client.json({ method: 'GET', path: `/exec/${id}/json` });
}

export function resizeExec(client: ApiClient, id: string, rows: number, columns: number): Promise<void> {
  return client.send({ method: 'POST', path: `/exec/${id}/resize`, query: { h: rows, w: columns } });
}
