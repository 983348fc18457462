import type {
  ContainerConfig,
  HostConfig,
  NetworkingConfig,
  Resources,
  RestartPolicy,
} from './definitions.ts';

/** Body of `POST /containers/create`: the config at top level, as Docker has it. */
export interface ContainerCreateRequest extends ContainerConfig {
  HostConfig?: HostConfig | undefined;
  NetworkingConfig?: NetworkingConfig | undefined;
}

/** Body of `POST /containers/{id}/update`: zero and empty mean "as it is". */
export interface ContainerUpdateRequest extends Resources {
  RestartPolicy?: RestartPolicy | undefined;
}

/** Body of `POST /containers/{id}/exec`. */
export interface ExecCreateRequest {
  AttachStdin?: boolean | undefined;
  AttachStdout?: boolean | undefined;
  AttachStderr?: boolean | undefined;
  /** `[height, width]`. */
  ConsoleSize?: [number, number] | null | undefined;
  DetachKeys?: string | undefined;
  Tty?: boolean | undefined;
  Env?: string[] | undefined;
  Cmd?: string[] | undefined;
  Privileged?: boolean | undefined;
  User?: string | undefined;
  WorkingDir?: string | undefined;
}

/** Body of `POST /exec/{id}/start`. */
export interface ExecStartRequest {
  Detach?: boolean | undefined;
  Tty?: boolean | undefined;
  /** `[height, width]`. */
  ConsoleSize?: [number, number] | null | undefined;
}

/** One line of a progress stream (pull, load, import, build). */
export interface ProgressMessage {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
  errorDetail?: { code?: number; message: string };
  aux?: unknown;
}

/** One repository that `GET /images/search` found. */
export interface ImageSearchResponseItem {
  description: string;
  is_official: boolean;
  /** No registry builds by itself any more. */
  is_automated: false;
  name: string;
  star_count: number;
}

/** What of a container's log is read. */
export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  /** Goes on with what is logged until the run ends; a container that does not run gives what is there. */
  follow: boolean;
  timestamps: boolean;
  /** Each line gets the attributes that its log driver keeps with it. */
  details: boolean;
  /** Nanoseconds since the epoch, inclusive. */
  sinceNs?: bigint;
  untilNs?: bigint;
  /** Number of last lines; all when missing. */
  tail?: number;
  signal: AbortSignal;
}

/** What a client that attaches to a container gets and gives. */
export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Follow what comes from now on. */
  stream: boolean;
  /** Replay what was logged before; nothing is missing or doubled between it and the stream. */
  logs: boolean;
  /** Docker's notation, `ctrl-p,ctrl-q`; invalid when it is malformed. */
  detachKeys?: string;
  signal: AbortSignal;
}

/** What a container is made an image with. */
export interface CommitOptions {
  /** `repository[:tag]`; untagged when missing. */
  reference?: string;
  author: string;
  comment: string;
  /** Freezes the container while its files are read. */
  pause: boolean;
  /** Dockerfile instructions. */
  changes: readonly string[];
  /** In the place of the container's. */
  config?: ContainerConfig;
  signal?: AbortSignal;
}

/** The `filters` query, normalised: filter name to its values, in the order given. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** What `X-Docker-Container-Path-Stat` tells, as base64 of its JSON. */
export interface ContainerPathStat {
  name: string;
  size: number;
  /** Go's `fs.FileMode`. */
  mode: number;
  /** RFC 3339. */
  mtime: string;
  /** Where a symbolic link leads, with all links on the way followed, inside the container; empty for anything else. */
  linkTarget: string;
}
