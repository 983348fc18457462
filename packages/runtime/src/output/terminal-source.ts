import { closeDescriptor, moveBytes, type Transfer } from '@gantry/kernel';
import type { OutputSource } from './output-source.ts';
import type { Spool } from './spool.ts';

/**
 * A pty master. splice(2) cannot move a terminal's bytes to a file: they go through a FIFO that outlives us, both steps
 * inside the kernel, so that here too no byte is ever only in our memory (tried on Linux 6.18; 5.11 and newer have it).
 */
export class TerminalSource implements OutputSource {
  readonly descriptor: number;
  readonly #fifo: FifoEnds;

  /** Takes over the master and the FIFO's ends. */
  constructor(master: number, fifo: FifoEnds) {
    this.descriptor = master;
    this.#fifo = fifo;
  }

  moveTo(spool: Spool): Transfer {
    const moved = moveBytes(this.descriptor, this.#fifo.writeEnd, transferBytes);
    const filled = spool.fill(this.#fifo.readEnd, transferBytes);
    return filled === 'would-block' ? moved : filled;
  }

  /** A terminal delivers late, but its end (EIO) comes after everything. */
  hasEnded(last: Transfer): boolean {
    return last === 0;
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.descriptor);
    closeDescriptor(this.#fifo.readEnd);
    closeDescriptor(this.#fifo.writeEnd);
  }
}

/** Non-blocking descriptors of one FIFO. */
export interface FifoEnds {
  readEnd: number;
  writeEnd: number;
}

const transferBytes = 64 << 10;
