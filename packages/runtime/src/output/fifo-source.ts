import { closeDescriptor, type Transfer } from '@gantry/kernel';
import type { OutputSource } from './output-source.ts';
import type { Spool } from './spool.ts';

/** A FIFO that the process writes. */
export class FifoSource implements OutputSource {
  readonly descriptor: number;

  /** Takes over `descriptor`, its non-blocking reading end. */
  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  moveTo(spool: Spool): Transfer {
    return spool.fill(this.descriptor, transferBytes);
  }

  /** Writing to a FIFO leaves nothing on the way: when init is dead, so is its pid namespace, and what is not here was never written. */
  hasEnded(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.descriptor);
  }
}

/** As much as a FIFO of ours holds. */
const transferBytes = 1 << 20;
