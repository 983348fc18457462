import type { ClientContent, ClientOptions, OutgoingBlob } from '@gantry/builder';
import { content, type GrpcClient, GrpcError, StatusCode } from '@gantry/buildkit';
import type { Digest } from '@gantry/oci';
import { streamPieces } from './pieces.ts';

/** A store of blobs that a client offers, by containerd's content service. */
export class SessionContent implements ClientContent {
  readonly #calls: GrpcClient;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(calls: GrpcClient, storeId: string) {
    this.#calls = calls;
    this.#headers = { 'buildkit-attachable-store-id': storeId };
  }

  async size(digest: Digest, { signal }: ClientOptions): Promise<number | undefined> {
    try {
      const options = { headers: this.#headers, signal };
      const { info } = await this.#calls.unary(content.Content.info, { digest }, options);
      return info?.size;
    } catch (error) {
      if (error instanceof GrpcError && error.statusCode === StatusCode.notFound) return undefined;
      throw error;
    }
  }

  async *read(digest: Digest, { signal }: ClientOptions): AsyncGenerator<Uint8Array> {
    const options = { headers: this.#headers, signal };
    for await (const { data } of this.#calls.serverStream(content.Content.read, { digest }, options))
      yield data;
  }

  async write(blob: OutgoingBlob, options: ClientOptions): Promise<void> {
    if ((await this.size(blob.digest, options)) !== undefined) return;
    const { stat, write, commit } = content.WriteAction;
    const call = this.#calls.stream(content.Content.write, {
      headers: this.#headers,
      signal: options.signal,
    });
    const answers = call[Symbol.asyncIterator]();
    const common = { ref: `gantry-${blob.digest}`, total: blob.sizeBytes, expected: blob.digest };
    let offset = 0;
    try {
      await call.send({ action: stat, ...common });
      await answers.next();
      for await (const data of streamPieces(blob.read())) {
        await call.send({ action: write, ...common, offset, data });
        offset += data.length;
        await answers.next();
      }
      await call.send({ action: commit, ...common, offset });
      await answers.next();
      call.end();
    } catch (error) {
      if (!(error instanceof GrpcError && error.statusCode === StatusCode.alreadyExists)) throw error;
    } finally {
      call.cancel();
    }
  }
}
