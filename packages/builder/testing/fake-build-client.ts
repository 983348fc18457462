import { PathPatterns } from '@gantry/dockerfile';
import type {
  AgentConnection,
  BuildClient,
  ClientContent,
  ClientDirectory,
  DirectoryWish,
  FileEntry,
  FileSource,
  OutgoingBlob,
} from '../src/build-client.ts';

/** A file of a fake directory: its text, or what else it is. */
export type FakeFile = string | Partial<Omit<FileEntry, 'path'>>;

/** A build client in memory, which tells what was asked of it. */
export class FakeBuildClient implements BuildClient {
  readonly sharedKey: string;
  readonly secrets: Map<string, Uint8Array> = new Map();
  /** What the agent behind an id answers to all that is written to it. */
  readonly agents: Map<string, (request: Uint8Array) => Uint8Array> = new Map();
  readonly directories: Map<string, Map<string, FakeFile>> = new Map();
  readonly stores: Map<string, Map<string, Uint8Array>> = new Map();
  /** Bytes that outputs sent, by their ids. */
  readonly archives: Map<string, Uint8Array> = new Map();
  readonly received: Map<string, Map<string, FileEntry & { content: Uint8Array }>> = new Map();
  /** Paths whose contents were asked for, in order. */
  readonly reads: string[] = [];

  constructor({ sharedKey = '' }: { sharedKey?: string } = {}) {
    this.sharedKey = sharedKey;
  }

  async secret(id: string): Promise<Uint8Array | undefined> {
    return this.secrets.get(id);
  }

  async ssh(id: string): Promise<AgentConnection | undefined> {
    const answer = this.agents.get(id);
    return answer && fakeAgent(answer);
  }

  async directory(name: string, wish: DirectoryWish): Promise<ClientDirectory> {
    const files = this.directories.get(name);
    if (files === undefined) throw new Error(`no such directory: ${name}`);
    const { reads } = this;
    const include = new PathPatterns(wish.include);
    const exclude = new PathPatterns(wish.exclude);
    const wanted = (path: string): boolean =>
      !exclude.matches(path) && (wish.include.length === 0 || include.matches(path));
    return {
      entries: async function* () {
        for (const [path, file] of [...files].toSorted(([a], [b]) => byNames(a, b)))
          if (wanted(path)) yield entryOf(path, file);
      },
      read: async function* (path: string) {
        reads.push(path);
        yield textOf(files.get(path));
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  content(id: string): ClientContent {
    const blobs = this.stores.get(id) ?? new Map<string, Uint8Array>();
    this.stores.set(id, blobs);
    return {
      size: async (digest) => blobs.get(digest)?.length,
      read: async function* (digest) {
        const blob = blobs.get(digest);
        if (blob === undefined) throw new Error(`no such blob: ${digest}`);
        yield blob;
      },
      write: async (blob: OutgoingBlob) => void blobs.set(blob.digest, await whole(blob.read())),
    };
  }

  async receiveArchive(outputId: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    this.archives.set(outputId, await whole(archive));
  }

  async receiveDirectory(outputId: string, files: FileSource): Promise<void> {
    const received = new Map<string, FileEntry & { content: Uint8Array }>();
    for await (const entry of files.entries()) {
      const content = entry.kind === 'file' ? await whole(files.read(entry.path)) : Buffer.alloc(0);
      received.set(entry.path, { ...entry, content });
    }
    this.received.set(outputId, received);
  }
}

function entryOf(path: string, file: FakeFile): FileEntry {
  const plain = {
    path,
    kind: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: textOf(file).length,
    modifiedNs: 1_700_000_000_000_000_000n,
    linkName: '',
  } as const;
  return typeof file === 'string' ? plain : { ...plain, ...file };
}

function textOf(file: FakeFile | undefined): Uint8Array {
  return Buffer.from(typeof file === 'string' ? file : '');
}

/** A directory before what is in it: the slash comes before all other characters. */
function byNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0')));
}

function fakeAgent(answer: (request: Uint8Array) => Uint8Array): AgentConnection {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return {
    output: readable,
    write: async (data) => await writer.write(answer(data)),
    end: async () => await writer.close(),
    [Symbol.asyncDispose]: async () => await writer.abort().catch(() => undefined),
  };
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(bytes));
}
