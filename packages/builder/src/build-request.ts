import type { ResourceLimit } from '@gantry/containers';
import type { CgroupLimits } from '@gantry/kernel';
import type { Digest, Platform } from '@gantry/oci';
import type { BuildClient } from './build-client.ts';
import type { AttestationWishes } from './output/attest/attestation-wishes.ts';
import type { BuildOutput } from './output/build-output.ts';
import type { BuildEvent } from './progress/build-event.ts';

/** Where the files of a build come from. */
export type ContextSource =
  /** An archive (tar, plain or compressed) or a Dockerfile alone, as it comes. */
  | { readonly kind: 'archive'; readonly bytes: AsyncIterable<Uint8Array> }
  /** A directory that the client offers by this name. */
  | { readonly kind: 'client'; readonly name: string }
  /** A git repository, or an archive or a Dockerfile behind http(s): an address in any form that `docker build` takes. */
  | { readonly kind: 'address'; readonly address: string };

/** Where the Dockerfile comes from, and the `.dockerignore` beside it. */
export type DockerfileSource =
  | { readonly kind: 'context'; readonly path: string }
  /** In another directory of the client. */
  | { readonly kind: 'client'; readonly name: string; readonly path: string }
  /** As it stands; `path` is what messages call it. */
  | { readonly kind: 'inline'; readonly path: string; readonly bytes: Uint8Array };

/** What a build is asked for, by `POST /build`, by BuildKit's clients or by a program. */
export interface BuildRequest {
  context: ContextSource;
  dockerfile: DockerfileSource;
  /**
   * `--build-context`: what a name in FROM, `--from` and mounts means before stages and images, in BuildKit's forms
   * (`docker-image://reference`, `oci-layout://store[:tag][@digest]`, `target:stage`, `local:directory of the client`, an address).
   */
  namedContexts: ReadonlyMap<string, string>;
  /** What the build's client lends it; missing for one that lends nothing. */
  client?: BuildClient;
  /** Where what was built goes; nowhere but into the cache when there are none. */
  outputs: readonly BuildOutput[];
  /** A stage's name or number; the last one when empty. */
  target: string;
  buildArguments: ReadonlyMap<string, string | undefined>;
  labels: ReadonlyMap<string, string>;
  /** What is said of the image beside it; nothing when empty. */
  attestations: AttestationWishes;
  /** What is built, in this order; the host's alone for a build that says nothing. */
  platforms: readonly Platform[];
  /** An index even around one platform. */
  multiPlatform: boolean;
  /** Nothing that was built before is taken. */
  noCache: boolean;
  /** `--no-cache-filter`: stages (names, in any case) of which nothing that was built before is taken. */
  noCacheStages: ReadonlySet<string>;
  /** Caches of other engines, the first that has a step counts. */
  cacheFrom: readonly CacheLocation[];
  /** Where this build's cache goes when it is done. */
  cacheTo: readonly CacheLocation[];
  /** `network.host`, `security.insecure` and `device`, as the client was asked for them. */
  entitlements: ReadonlySet<string>;
  /** Images of FROM are asked for at their registry even when they are here. */
  pull: boolean;
  /** Of RUN steps: `default`, `none`, `host` or the name of a network. */
  network: string;
  /** `name:address` or `name:host-gateway` for the hosts file of RUN steps. */
  extraHosts: readonly string[];
  limits: CgroupLimits;
  /** Of RUN steps; `buildkitsandbox` when empty. */
  hostname: string;
  /** The group that RUN steps are limited with; the daemon's when empty. */
  cgroupParent: string;
  /** Of the processes of RUN steps. */
  ulimits: readonly ResourceLimit[];
  sharedMemoryBytes: number;
  /** Pulls an image that is not here, for a platform. */
  pullImage: (reference: string, platform: Platform) => Promise<void>;
  /** Is told what happens, as it happens; `ClassicText` reads it as text. */
  onEvent: (event: BuildEvent) => void;
  signal: AbortSignal;
}

/** `type=…,name=value,…` of `--cache-from` and `--cache-to`. */
export interface CacheLocation {
  /** `registry`, `local`, `inline`; others are refused by name. */
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface BuildResult {
  /** Of the image that this host has of it; undefined for a build that makes none. */
  readonly id: Digest | undefined;
  /** What clients are told of the outputs, by the names of BuildKit's `ExporterResponse` (`containerimage.digest` …). */
  readonly metadata: Readonly<Record<string, string>>;
}
