import type { CheckWarning, LineRange } from '@gantry/dockerfile';
import type { Digest } from '@gantry/oci';

/** A step as its readers see it. It is told again, whole, whenever it changes. */
export interface BuildVertex {
  /** Its identity; unique to the build. */
  readonly digest: Digest;
  /** `[stage 2/3] RUN make`, `[internal] load build context`. */
  readonly name: string;
  /** Steps that it stands on. */
  readonly inputs: readonly Digest[];
  readonly startedAt: Date;
  /** Missing while it is under way. */
  readonly completedAt?: Date;
  readonly cached: boolean;
  /** Why it failed. */
  readonly error?: unknown;
  /** Of its instruction in the Dockerfile. */
  readonly lines?: LineRange;
}

/** How far a part of a step is: bytes, where there are any. */
export interface StepStatus {
  /** Unique to its step. */
  readonly id: string;
  /** 0 where it is not known. */
  readonly current: number;
  readonly total: number;
  readonly completed: boolean;
}

/**
 * What a build tells while it goes on. `stage` counts the stages that are built, in the order of the file; those run side by side, and
 * their events come as they happen.
 */
export type BuildEvent =
  /** The Dockerfile was read. */
  | { readonly kind: 'definition'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'stage'; readonly stage: number; readonly state: 'waiting' | 'done' | 'failed' }
  /** An instruction begins; counted over the whole file. */
  | {
      readonly kind: 'instruction';
      readonly stage: number;
      readonly number: number;
      readonly total: number;
      readonly source: string;
    }
  /** Instructions of the image below come first. */
  | { readonly kind: 'triggers'; readonly stage: number; readonly count: number }
  /** The image below a stage. */
  | { readonly kind: 'base'; readonly stage: number; readonly id: Digest }
  /** A command is run: the cache did not have it. */
  | { readonly kind: 'running'; readonly stage: number }
  | { readonly kind: 'vertex'; readonly stage?: number; readonly vertex: BuildVertex }
  | {
      readonly kind: 'log';
      readonly stage?: number;
      readonly vertex: Digest;
      /** 1 or 2, as a process has them. */
      readonly stream: number;
      readonly data: Uint8Array;
      readonly at: Date;
    }
  | {
      readonly kind: 'status';
      readonly vertex: Digest;
      readonly status: StepStatus;
      readonly startedAt: Date;
      readonly at: Date;
    }
  | { readonly kind: 'warning'; readonly warning: CheckWarning }
  /** Build arguments that no instruction declares. */
  | { readonly kind: 'unused-arguments'; readonly names: readonly string[] }
  /** An image of this host was made. */
  | { readonly kind: 'result'; readonly id: Digest; readonly names: readonly string[] };
