import type { FileSource } from '@gantry/builder';
import { filesync, fsutil, type GrpcClient, type MessageStream } from '@gantry/buildkit';
import { streamPieces } from './pieces.ts';
import { statMessage } from './stat-message.ts';

const fileSendPackets = { ...filesync.FileSend.diffCopy, request: fsutil.Packet, response: fsutil.Packet };

/** Sends a tree of files to a client, which asks for those contents that it wants. Resolves when it says that it has all. */
export async function sendDirectory(
  calls: GrpcClient,
  files: FileSource,
  { outputId, signal }: { outputId: string; signal: AbortSignal },
): Promise<void> {
  const headers = { 'buildkit-attachable-exporter-id': outputId };
  const stream = calls.stream(fileSendPackets, { headers, signal });
  const paths: string[] = [];
  const told = tellEntries(stream, files, paths);
  const sent: Promise<void>[] = [told];
  try {
    for await (const { type, id, data } of stream) {
      if (type === fsutil.PacketType.fin) {
        await Promise.all(sent);
        await stream.send({ type: fsutil.PacketType.fin });
        stream.end();
      } else if (type === fsutil.PacketType.error) throw new Error(Buffer.from(data).toString());
      else if (type === fsutil.PacketType.request) {
        // One at a time: the client takes them as they come, and memory stays small.
        const before = sent.at(-1);
        const next = (before ?? told).then(() => sendContent(stream, files.read(paths[id] ?? ''), id));
        next.catch(() => stream.cancel());
        sent.push(next);
      }
    }
  } finally {
    stream.cancel();
  }
}

async function tellEntries(
  stream: MessageStream<fsutil.Packet, fsutil.Packet>,
  files: FileSource,
  paths: string[],
): Promise<void> {
  for await (const entry of files.entries()) {
    paths.push(entry.path);
    const stat = statMessage(entry);
    await stream.send({ type: fsutil.PacketType.stat, stat });
  }
  await stream.send({ type: fsutil.PacketType.stat });
}

async function sendContent(
  stream: MessageStream<fsutil.Packet, fsutil.Packet>,
  content: AsyncIterable<Uint8Array>,
  id: number,
): Promise<void> {
  for await (const data of streamPieces(content))
    await stream.send({ type: fsutil.PacketType.data, id, data });
  await stream.send({ type: fsutil.PacketType.data, id });
}
