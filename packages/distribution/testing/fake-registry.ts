import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface StoredManifest {
  mediaType: string;
  bytes: Uint8Array;
}

/** Answers a request instead of the registry; false leaves it to the registry. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** A registry in memory on the loopback: enough of the distribution API to pull and push, and a place to be hostile in. */
export class FakeRegistry implements AsyncDisposable {
  readonly blobs: Map<string, Uint8Array> = new Map();
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests: Map<string, StoredManifest> = new Map();
  /** `GET /v2/x/manifests/y`, in order. */
  readonly requests: string[] = [];
  interfere: Interference = () => false;
  readonly #server: Server;
  readonly #uploads = new Map<string, Buffer>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port of 127.0.0.1; with `tls` by https. */
  static async start(tls?: ServerOptions): Promise<FakeRegistry> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    const registry = new FakeRegistry(server);
    server.on('request', (request, response) => void registry.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** `127.0.0.1:41234`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Stores a blob; returns its digest. */
  putBlob(bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return digest;
  }

  /** Stores a manifest under its digest, and under a tag where one is given; returns its digest. */
  putManifest(repository: string, manifest: StoredManifest, tag?: string): string {
    const digest = digestOf(manifest.bytes);
    this.manifests.set(`${repository}@${digest}`, manifest);
    if (tag !== undefined) this.manifests.set(`${repository}:${tag}`, manifest);
    return digest;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    if (await this.interfere(request, response)) return;
    const url = new URL(request.url ?? '', `http://${this.host}`);
    if (url.pathname === '/v2/') {
      response.writeHead(200, { 'Docker-Distribution-Api-Version': 'registry/2.0' }).end('{}');
      return;
    }
    const [, repository = '', kind = '', name = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|blobs\/uploads|tags)\/([^/]*)$/.exec(url.pathname) ?? [];
    if (kind === 'manifests') await this.#manifest(request, response, { repository, name });
    else if (kind === 'blobs') this.#blob(request, response, name);
    else if (kind === 'blobs/uploads') await this.#upload(request, response, { repository, name, url });
    else if (kind === 'tags') this.#tags(response, { repository, url });
    else refuse(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
  }

  async #manifest(
    request: IncomingMessage,
    response: ServerResponse,
    { repository, name }: { repository: string; name: string },
  ): Promise<void> {
    const mark = name.includes(':') ? '@' : ':';
    if (request.method === 'PUT') {
      const manifest = { mediaType: request.headers['content-type'] ?? '', bytes: await bodyOf(request) };
      const digest = this.putManifest(repository, manifest, mark === ':' ? name : undefined);
      response.writeHead(201, { 'Docker-Content-Digest': digest }).end();
      return;
    }
    const found = this.manifests.get(`${repository}${mark}${name}`);
    if (found === undefined) {
      refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      return;
    }
    response.writeHead(200, {
      'Content-Type': found.mediaType,
      'Content-Length': found.bytes.length,
      'Docker-Content-Digest': digestOf(found.bytes),
    });
    response.end(request.method === 'HEAD' ? undefined : found.bytes);
  }

  #blob(request: IncomingMessage, response: ServerResponse, digest: string): void {
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) {
      refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry');
      return;
    }
    const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const from = Number(first);
    const end = last === '' ? bytes.length : Math.min(bytes.length, Number(last) + 1);
    const part = bytes.subarray(from, end);
    const isPart = part.length < bytes.length;
    response.writeHead(isPart ? 206 : 200, {
      'Accept-Ranges': 'bytes',
      'Content-Length': part.length,
      ...(isPart ? { 'Content-Range': `bytes ${from}-${end - 1}/${bytes.length}` } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    { repository, name, url }: { repository: string; name: string; url: URL },
  ): Promise<void> {
    const mount = url.searchParams.get('mount');
    if (request.method === 'POST' && mount !== null && this.blobs.has(mount)) {
      response.writeHead(201).end();
      return;
    }
    if (request.method === 'POST') {
      const id = randomUUID();
      this.#uploads.set(id, Buffer.alloc(0));
      response.writeHead(202, { Location: `/v2/${repository}/blobs/uploads/${id}` }).end();
      return;
    }
    const bytes = await bodyOf(request);
    if (!this.#uploads.delete(name) || digestOf(bytes) !== url.searchParams.get('digest')) {
      refuse(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
      return;
    }
    this.putBlob(bytes);
    response.writeHead(201).end();
  }

  /** Two tags a page. */
  #tags(response: ServerResponse, { repository, url }: { repository: string; url: URL }): void {
    const prefix = `${repository}:`;
    const all = [...this.manifests.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    const last = url.searchParams.get('last');
    const from = last === null ? 0 : all.indexOf(last) + 1;
    const tags = all.slice(from, from + 2);
    const more = from + 2 < all.length;
    response.writeHead(
      200,
      more ? { Link: `</v2/${repository}/tags/list?last=${tags.at(-1)}>; rel="next"` } : {},
    );
    response.end(JSON.stringify({ name: repository, tags }));
  }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Answers with an error as registries do. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** Asks to sign in. */
export function challenge(response: ServerResponse, header: string): true {
  response.setHeader('WWW-Authenticate', header);
  refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
  return true;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
