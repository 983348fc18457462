import type { Transfer } from '@gantry/kernel';
import type { Spool } from './spool.ts';

/** Where a stream's bytes come from before they are in the spool. */
export interface OutputSource extends Disposable {
  /** Becomes readable when `moveTo` has something to do. */
  readonly descriptor: number;
  /** Moves what there is into the spool. `0`: all writers are gone (for now). */
  moveTo(spool: Spool): Transfer;
  /** After the process ended: `last`, which moved nothing, means that nothing will ever come. */
  hasEnded(last: Transfer): boolean;
}
