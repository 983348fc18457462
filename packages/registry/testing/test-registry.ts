import { createHash } from 'node:crypto';
import path from 'node:path';
import { silentLogger, systemClock } from '@gantry/base';
import { mediaTypes } from '@gantry/oci';
import { temporaryRoot } from '@gantry/testkit';
import {
  createRegistryServer,
  noEvents,
  noPullThrough,
  noRules,
  type OpenStorage,
  openAccess,
  openStorage,
  type RegistryServerOptions,
  type StorageOptions,
} from '../src/index.ts';

export interface TestRegistryOptions {
  services?: Partial<RegistryServerOptions>;
  storage?: Partial<StorageOptions>;
}

/** A registry on a free port of the loopback, over a directory of its own. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:41234`. */
  host: string;
  directory: string;
  storage: OpenStorage;
  /** `fetch` of a path. */
  ask(path: string, options?: RequestInit): Promise<Response>;
}

export async function startTestRegistry({
  services,
  storage,
}: TestRegistryOptions = {}): Promise<TestRegistry> {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await temporaryRoot('registry'));
  const directory = path.join(root.path, 'registry');
  const opened = stack.use(await openStorage({ directory, logger: silentLogger, ...storage }));
  const server = stack.use(
    createRegistryServer({
      storage: opened,
      access: openAccess,
      rules: noRules,
      events: noEvents,
      pullThrough: noPullThrough,
      clock: systemClock,
      logger: silentLogger,
      ...services,
    }),
  );
  const { port } = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const host = `127.0.0.1:${port}`;
  const owned = stack.move();
  return {
    host,
    directory,
    storage: opened,
    ask: (target, options) => fetch(`http://${host}${target}`, { redirect: 'manual', ...options }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Uploads a blob in one request; returns its digest. Throws unless it is taken. */
export async function pushBlob(
  registry: Pick<TestRegistry, 'ask'>,
  repository: string,
  bytes: string | Uint8Array,
): Promise<string> {
  const digest = digestOf(bytes);
  const body = Buffer.from(bytes);
  const { status } = await registry.ask(`/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body,
  });
  if (status !== 201) throw new Error(`upload of a blob: ${status}`);
  return digest;
}

export interface TestManifest {
  mediaType: string;
  digest: string;
  text: string;
}

/** A manifest of a config and one layer, neither of which is stored. `extra` goes into it. */
export function makeManifest(config: string, layer: string, extra: object = {}): TestManifest {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: mediaTypes.layerGzip, digest: digestOf(layer), size: layer.length }],
    ...extra,
  });
  return { mediaType: mediaTypes.manifest, digest: digestOf(text), text };
}

/** Sends a manifest as it is. */
export function putManifest(
  registry: Pick<TestRegistry, 'ask'>,
  target: string,
  { mediaType, text }: Pick<TestManifest, 'mediaType' | 'text'>,
): Promise<Response> {
  return registry.ask(target, { method: 'PUT', headers: { 'Content-Type': mediaType }, body: text });
}

/** Pushes an image of one layer under a tag. */
export async function pushImage(
  registry: Pick<TestRegistry, 'ask'>,
  repository: string,
  { tag, layer = `layer of ${tag}`, extra }: { tag: string; layer?: string; extra?: object },
): Promise<TestManifest> {
  await pushBlob(registry, repository, '{}');
  await pushBlob(registry, repository, layer);
  const manifest = makeManifest('{}', layer, extra);
  const { status } = await putManifest(registry, `/v2/${repository}/manifests/${tag}`, manifest);
  if (status !== 201) throw new Error(`push of ${repository}:${tag}: ${status}`);
  return manifest;
}

/** Status and code of an error answer, which has a message too. */
export async function problemOf(response: Response): Promise<[status: number, code: string]> {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  const [first] = errors;
  if (first === undefined || first.message === '')
    throw new Error(`an answer ${response.status} without a word`);
  return [response.status, first.code];
}
