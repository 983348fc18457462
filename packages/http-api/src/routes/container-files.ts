import type { ContainerPathStat } from '@gantry/api-types';
import { writeChunks } from '@gantry/http-server';
import { parseReference } from '@gantry/oci';
import type { ContainerFilesBackend } from '../backends/container-files-backend.ts';
import { containerConfigBody } from '../bodies/container-create.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { beginStream, sendEmpty, sendJson } from '../server/respond.ts';
import { readJsonBody, streamBody } from '../wire/body.ts';
import type { Route } from './route.ts';

/** Far above any sane config. */
const maxConfigBytes = 1024 * 1024;

/** Containers as files: copied in and out, compared with their image, exported. */
export function containerFilesRoutes(files: ContainerFilesBackend): Route[] {
  const archive = '/containers/:id/archive';
  return [
    { method: 'POST', path: '/commit', handle: (exchange) => commit(files, exchange) },
    { method: 'HEAD', path: archive, handle: (exchange) => statPath(files, exchange) },
    { method: 'GET', path: archive, handle: (exchange) => readPath(files, exchange) },
    { method: 'PUT', path: archive, streamsBody: true, handle: (exchange) => writePath(files, exchange) },
    {
      method: 'GET',
      path: '/containers/:id/changes',
      handle: async (exchange) => {
        const changes = await files.changes(exchange.reference('id'));
        sendJson(exchange, 200, changes.length === 0 ? null : changes);
      },
    },
    {
      method: 'GET',
      path: '/containers/:id/export',
      handle: async (exchange) => {
        await sendTar(exchange, await files.export(exchange.reference('id')));
      },
    },
  ];
}

async function commit(files: ContainerFilesBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const config = await readJsonBody(exchange, containerConfigBody, { maxBytes: maxConfigBytes });
  const [ref, repository, tag] = ['container', 'repo', 'tag'].map((name) => query.text(name));
  if (ref === undefined || ref === '') throw new InvalidRequestError('invalid name or ID supplied: ""');
  const reference = tag === '' ? repository : `${repository}:${tag}`;
  if (repository !== '') parseReference(reference ?? '');
  const id = await files.commit(ref, {
    author: query.text('author'),
    comment: query.text('comment'),
    pause: query.flag('pause', true),
    changes: query.all('changes'),
    signal: exchange.signal,
    ...(repository === '' || reference === undefined ? {} : { reference }),
    ...(config === undefined || Object.keys(config).length === 0 ? {} : { config }),
  });
  sendJson(exchange, 201, { Id: id });
}

async function statPath(files: ContainerFilesBackend, exchange: Exchange): Promise<void> {
  const stat = await files.stat(exchange.reference('id'), pathOf(exchange));
  sendEmpty(exchange, 200, statHeader(stat));
}

async function readPath(files: ContainerFilesBackend, exchange: Exchange): Promise<void> {
  const { stat, archive } = await files.read(exchange.reference('id'), pathOf(exchange));
  await sendTar(exchange, archive, statHeader(stat));
}

async function writePath(files: ContainerFilesBackend, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  await files.write(exchange.reference('id'), pathOf(exchange), streamBody(exchange), {
    noOverwriteDirNonDir: query.flag('noOverwriteDirNonDir'),
    copyUidGid: query.flag('copyUIDGID'),
  });
  sendEmpty(exchange, 200);
}

/** What fails before the first byte is an error response; later the connection is cut. */
async function sendTar(
  exchange: Exchange,
  archive: AsyncIterable<Uint8Array>,
  headers: readonly string[] = [],
): Promise<void> {
  beginStream(exchange, 'application/x-tar', headers);
  await writeChunks(exchange.response, archive);
  exchange.response.end();
}

function statHeader(stat: ContainerPathStat): readonly string[] {
  return ['X-Docker-Container-Path-Stat', Buffer.from(JSON.stringify(stat)).toString('base64')];
}

function pathOf({ query }: Exchange): string {
  const path = query.text('path');
  if (path === '') throw new InvalidRequestError('bad parameter: path cannot be empty');
  if (path.includes('\0')) throw new InvalidRequestError('bad parameter: path holds a NUL byte');
  return path;
}
