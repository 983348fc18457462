import type { Digest } from '@gantry/oci';

/**
 * What the client of a build lends it for its time. A client lends what it can: a capability that it lacks is missing here, and an
 * instruction that needs it is refused with the capability's name (`POST /build` lends nothing). Everything ends with the build: whoever
 * lends closes his side when the build's promise is settled, and what is asked for then fails.
 *
 * ```ts
 * const client: BuildClient = {
 *   sharedKey: 'laptop:/home/me/project',
 *   secret: async (id) => (id === 'token' ? Buffer.from('s3cret') : undefined),
 * };
 * ```
 */
export interface BuildClient {
  /**
   * What the client calls itself over many builds; empty when it does not. Of the directories that came under one key the files are kept,
   * so that next time only those move that changed. It is no secret and decides nothing but speed.
   */
  readonly sharedKey: string;

  /** A secret's bytes; undefined for an id that the client does not have. Never remembered, logged or hashed. At most 500 KiB. */
  secret?(id: string, options: ClientOptions): Promise<Uint8Array | undefined>;

  /** A connection to the agent (or key) that the client forwards by this id; undefined when it forwards none. The caller closes it. */
  ssh?(id: string, options: ClientOptions): Promise<AgentConnection | undefined>;

  /** One of the directories that the client offers by name (`context`, `dockerfile`, or of a named context). The caller disposes. */
  directory?(name: string, wish: DirectoryWish, options: ClientOptions): Promise<ClientDirectory>;

  /** A store of blobs that the client offers by id: an OCI layout, or the directory of a local cache. */
  content?(id: string): ClientContent;

  /** For a registry host (`docker.io` for Docker Hub); undefined for anonymous. */
  credentials?(host: string, options: ClientOptions): Promise<ClientCredentials | undefined>;

  /** Takes an archive (tar, oci, docker) for the output by that id. Resolves when the client has all of it. */
  receiveArchive?(
    outputId: string,
    archive: AsyncIterable<Uint8Array>,
    options: ClientOptions,
  ): Promise<void>;

  /** Takes a tree of files (local) for the output by that id. Resolves when the client has all of it. */
  receiveDirectory?(outputId: string, files: FileSource, options: ClientOptions): Promise<void>;
}

export interface ClientOptions {
  signal: AbortSignal;
}

/** Both directions of a connection to an ssh agent. Ends when either side closes; `input` may be written while `output` is read. */
export interface AgentConnection extends AsyncDisposable {
  readonly output: AsyncIterable<Uint8Array>;
  write(data: Uint8Array): Promise<void>;
  /** Nothing more is written. */
  end(): Promise<void>;
}

/** What of a directory is wanted. Patterns are those of `.dockerignore`, paths are relative, with slashes. */
export interface DirectoryWish {
  /** Empty for everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Files that are wanted whatever they link to: the targets of links come too. */
  readonly follow: readonly string[];
}

/** A tree that can be listed, and whose files can be read one by one. */
export interface FileSource {
  /**
   * Everything in it but its root, a directory before what is in it, in the order of names (each name by its bytes, directory by
   * directory). Read once, to its end.
   */
  entries(): AsyncIterable<FileEntry>;
  /**
   * The bytes of a file whose entry came; fewer or more than its entry said when it changed meanwhile. Several may be read at once,
   * also while entries still come.
   */
  read(path: string): AsyncIterable<Uint8Array>;
}

export interface ClientDirectory extends FileSource, AsyncDisposable {}

/** One file, as its owner's file system describes it. */
export interface FileEntry {
  /** Relative, with slashes, without `.` and `..`. */
  readonly path: string;
  readonly kind:
    | 'file'
    | 'directory'
    | 'symlink'
    | 'hard-link'
    | 'fifo'
    | 'socket'
    | 'block-device'
    | 'character-device';
  /** Permissions and the setuid, setgid and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file; 0 for all others. */
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
  /** Where a symlink leads, as written; the path of the file that a hard link is another name of. Empty otherwise. */
  readonly linkName: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** Blobs on the client's side, by digest. What is read is verified by the reader. */
export interface ClientContent {
  /** Undefined for a blob that is not there. */
  size(digest: Digest, options: ClientOptions): Promise<number | undefined>;
  read(digest: Digest, options: ClientOptions): AsyncIterable<Uint8Array>;
  /** Idempotent: a blob that is there already is not written again. */
  write(blob: OutgoingBlob, options: ClientOptions): Promise<void>;
}

export interface OutgoingBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
}

export interface ClientCredentials {
  readonly username: string;
  /** With an empty user name: a refresh token. */
  readonly secret: string;
}
