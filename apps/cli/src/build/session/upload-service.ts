import { GrpcError, implement, type ServiceTable, StatusCode, upload } from '@gantry/buildkit';
import { valuesOf } from './file-services.ts';

/** Something that is read once: an archive from stdin. */
export interface Upload {
  /** The engine asks for it under this name. */
  readonly id: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The address by which the engine reaches an upload in the build's session. */
export function uploadAddress({ id }: Upload): string {
  return `http://buildkit-session/${id}`;
}

export function uploadService({ id, content }: Upload): ServiceTable {
  let isTaken = false;
  return implement(upload.Upload, {
    pull: async (messages, { headers }) => {
      const path = valuesOf(headers, 'urlpath')[0] ?? '';
      if (path.replace(/^\//, '') !== id || isTaken) {
        throw new GrpcError(StatusCode.notFound, `no http response from session for ${path}`);
      }
      isTaken = true;
      for await (const data of content) {
        for (let at = 0; at < data.length; at += chunkBytes) {
          await messages.send({ data: data.subarray(at, at + chunkBytes) });
        }
      }
    },
  });
}

const chunkBytes = 1024 * 1024;
