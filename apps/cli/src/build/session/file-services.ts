import type { IncomingHttpHeaders } from 'node:http2';
import {
  filesync,
  fsutil,
  GrpcError,
  implement,
  type MessageStream,
  type ServiceTable,
  StatusCode,
} from '@gantry/buildkit';
import { choosePaths } from './choose-paths.ts';
import { receiveDirectory } from './receive-directory.ts';
import { receiveFile } from './receive-file.ts';
import { sendDirectory } from './send-directory.ts';
import type { SentTree } from './sent-tree.ts';

/** Hands out directories, by the names that the build knows them by. */
export function fileSync(trees: ReadonlyMap<string, SentTree>): ServiceTable {
  return implement(filesync.FileSync, {
    diffCopy: async (messages, { headers }) => {
      const name = valuesOf(headers, 'dir-name')[0] ?? '';
      const tree = trees.get(name);
      if (tree === undefined) {
        throw new GrpcError(StatusCode.notFound, `no access allowed to dir ${JSON.stringify(name)}`);
      }
      const selection = {
        include: valuesOf(headers, 'include-patterns'),
        exclude: valuesOf(headers, 'exclude-patterns'),
        follow: valuesOf(headers, 'followpaths'),
      };
      await sendDirectory(messages, tree, choosePaths(tree, selection));
    },
  });
}

/** The values of a header; `<name>-encoded` says that they are URL-encoded, for headers are ASCII. */
export function valuesOf(headers: IncomingHttpHeaders, name: string): string[] {
  const given = headers[name];
  const values = given === undefined ? [] : [given].flat().flatMap((value) => value.split(', '));
  const isEncoded = ['1', 'true'].includes(String(headers[`${name}-encoded`]));
  return isEncoded ? values.map((value) => decodeURIComponent(value.replaceAll('+', ' '))) : values;
}

/** Where an output is received: a directory, or a file of which `-` is stdout. */
export type Receiver =
  | { readonly kind: 'directory'; readonly path: string; readonly removesOthers: boolean }
  | { readonly kind: 'file'; readonly path: string };

/** Takes in what the build exports, by the number of the exporter. */
export function fileSend(receivers: ReadonlyMap<number, Receiver>): ServiceTable {
  const { diffCopy } = filesync.FileSend;
  const { path, kind } = diffCopy;
  const ofPackets = { path, kind, request: fsutil.Packet, response: fsutil.Packet };
  const receiverOf = (headers: IncomingHttpHeaders): Receiver => {
    const id = Number(valuesOf(headers, 'buildkit-attachable-exporter-id')[0] ?? 0);
    const receiver = receivers.get(id);
    if (receiver !== undefined) return receiver;
    throw new GrpcError(StatusCode.notFound, `exporter ${id} not found`);
  };
  const answer = async (messages: unknown, receiver: Receiver): Promise<void> => {
    if (receiver.kind === 'file') {
      return await receiveFile(messages as MessageStream<object, filesync.BytesMessage>, receiver.path);
    }
    await receiveDirectory(messages as MessageStream<fsutil.Packet, fsutil.Packet>, receiver.path, receiver);
  };
  return new Map([
    [
      path,
      {
        method: (headers: IncomingHttpHeaders) =>
          receiverOf(headers).kind === 'directory' ? ofPackets : diffCopy,
        answer: (messages: unknown, { headers }: { headers: IncomingHttpHeaders }) =>
          answer(messages, receiverOf(headers)),
      },
    ],
  ]);
}
