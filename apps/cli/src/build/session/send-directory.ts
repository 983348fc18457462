import { errorMessage, Semaphore } from '@gantry/base';
import { fsutil, type MessageStream } from '@gantry/buildkit';
import { CommandError } from '../../errors.ts';
import { isRegular, type PathChoice, type SentEntry, type SentTree } from './sent-tree.ts';

/** Contents that are on their way at once. */
const parallelFiles = 4;

type PacketStream = MessageStream<fsutil.Packet, fsutil.Packet>;
const { PacketType } = fsutil;

/**
 * Tells the other side of the entries of a tree, and sends the contents that it asks for, also while entries are still told. Resolves when it
 * has all it wants. Rejects when either side fails; a content that cannot be read is a failure, told to the other side.
 */
export async function sendDirectory(
  messages: PacketStream,
  tree: SentTree,
  choose: PathChoice,
): Promise<void> {
  const files = new Map<number, string>();
  try {
    await Promise.all([
      tellEntries(messages, tree.entries(choose), files),
      sendContents(messages, tree, files),
    ]);
  } catch (error) {
    const data = Buffer.from(errorMessage(error));
    await messages.send({ type: PacketType.error, data }).catch(() => {});
    throw error;
  }
}

async function tellEntries(
  messages: PacketStream,
  entries: Iterable<SentEntry>,
  files: Map<number, string>,
): Promise<void> {
  let id = 0;
  for (const entry of entries) {
    if (isRegular(entry.mode)) files.set(id, entry.path);
    id += 1;
    await messages.send({ type: PacketType.stat, stat: statOf(entry) });
  }
  await messages.send({ type: PacketType.stat });
}

async function sendContents(
  messages: PacketStream,
  tree: SentTree,
  files: Map<number, string>,
): Promise<void> {
  const slots = new Semaphore(parallelFiles);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const incoming = messages[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([incoming.next(), failure.promise]);
    if (next.done === true) throw new CommandError(1, 'ERROR: the engine left before it had the files');
    const { type, id, data } = next.value;
    if (type === PacketType.error)
      throw new CommandError(1, `ERROR: error from receiver: ${Buffer.from(data).toString()}`);
    if (type === PacketType.fin) return await messages.send({ type: PacketType.fin });
    if (type !== PacketType.request) continue;
    const path = files.get(id);
    if (path === undefined) throw new CommandError(1, `ERROR: invalid file id ${id}`);
    files.delete(id);
    slots.run(() => sendFile(messages, tree.read(path), id)).catch(failure.reject);
  }
}

async function sendFile(
  messages: PacketStream,
  content: AsyncIterable<Uint8Array>,
  id: number,
): Promise<void> {
  for await (const data of content) await messages.send({ type: PacketType.data, id, data });
  await messages.send({ type: PacketType.data, id });
}

function statOf(entry: SentEntry): Partial<fsutil.Stat> {
  return {
    path: entry.path,
    mode: entry.mode,
    size: entry.sizeBytes,
    modTime: entry.mtimeNs,
    linkname: entry.linkName,
    devmajor: entry.deviceMajor,
    devminor: entry.deviceMinor,
  };
}
