import type { CgroupLimits } from '@gantry/kernel';
import type { Digest, Platform } from '@gantry/oci';

/** What a build is asked for, as `POST /build` says it. */
export interface BuildRequest {
  /** Path of the Dockerfile in the context. */
  dockerfilePath: string;
  /** `repository[:tag]` names that the image gets. */
  references: readonly string[];
  /** A stage's name or number; the last one when empty. */
  target: string;
  buildArguments: ReadonlyMap<string, string | undefined>;
  labels: ReadonlyMap<string, string>;
  platform: Platform;
  /** Nothing that was built before is taken. */
  noCache: boolean;
  /** Images of FROM are asked for at their registry even when they are here. */
  pull: boolean;
  /** Of RUN steps: `default`, `none`, `host` or the name of a network. */
  network: string;
  /** `name:address` for the hosts file of RUN steps. */
  extraHosts: readonly string[];
  limits: CgroupLimits;
  sharedMemoryBytes: number;
  /** Pulls an image for FROM that is not here. */
  pullImage: (reference: string) => Promise<void>;
  /** Docker's progress text, whole lines or parts of them. */
  onText: (text: string) => void;
  signal: AbortSignal;
}

export interface BuiltImage {
  id: Digest;
}
