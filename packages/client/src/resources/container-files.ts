import type { ContainerPathStat, FilesystemChange } from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { ProtocolError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';

/** What is at a path of a container: the last link itself. Rejects with 404 when nothing is there. */
export async function statContainerPath(
  client: ApiClient,
  ref: string,
  path: string,
): Promise<ContainerPathStat> {
  const response = await client.request({ method: 'HEAD', path: archivePath(ref), query: { path } });
  response.close();
  return statOf(response);
}

/** The same, and a tar of it. */
export async function readContainerPath(
  client: ApiClient,
  ref: string,
  path: string,
): Promise<{ stat: ContainerPathStat; archive: AsyncIterable<Buffer> }> {
  const response = await client.request({ method: 'GET', path: archivePath(ref), query: { path } });
  return { stat: statOf(response), archive: response.body };
}

/** Unpacks a tar into a directory of a container; a directory never takes the place of something else, nor the other way round. */
export function writeContainerPath(
  client: ApiClient,
  ref: string,
  archive: AsyncIterable<Uint8Array>,
  options: { path: string; copyUidGid: boolean },
): Promise<void> {
  return client.send({
    method: 'PUT',
    path: archivePath(ref),
    query: {
      path: options.path,
      noOverwriteDirNonDir: 'true',
      copyUIDGID: options.copyUidGid ? 'true' : undefined,
    },
    headers: { 'Content-Type': 'application/x-tar' },
    body: archive,
  });
}

/** What a container changed in its image's files. */
export async function containerChanges(client: ApiClient, ref: string): Promise<FilesystemChange[]> {
  const path = `/containers/${encodeURIComponent(ref)}/changes`;
  return (await client.json<FilesystemChange[] | null>({ method: 'GET', path })) ?? [];
}

export interface CommitQuery {
  repository?: string | undefined;
  tag?: string | undefined;
  author?: string | undefined;
  comment?: string | undefined;
  changes?: readonly string[];
  /** The engine's choice when missing: it freezes the container. */
  pause?: boolean | undefined;
}

/** Makes an image of a container; resolves with its id. */
export async function commitContainer(client: ApiClient, ref: string, query: CommitQuery): Promise<string> {
  const { Id } = await client.json<{ Id: string }>({
    method: 'POST',
    path: '/commit',
    query: {
      container: ref,
      repo: query.repository,
      tag: query.tag,
      author: query.author,
      comment: query.comment,
      changes: query.changes,
      pause: query.pause,
    },
  });
  return Id;
}

/** A container's root file system as a tar. */
export async function exportContainer(client: ApiClient, ref: string): Promise<AsyncIterable<Buffer>> {
  const path = `/containers/${encodeURIComponent(ref)}/export`;
  return (await client.request({ method: 'GET', path })).body;
}

function archivePath(ref: string): string {
  return `/containers/${encodeURIComponent(ref)}/archive`;
}

function statOf({ headers }: HttpResponse): ContainerPathStat {
  const encoded = headers.get('x-docker-container-path-stat') ?? '';
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString()) as ContainerPathStat;
  } catch (error) {
    throw new ProtocolError('unable to decode container path stat header', error);
  }
}
