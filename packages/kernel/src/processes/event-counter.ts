import { bind, check } from '../ffi/libc.ts';
import { closeDescriptor, readDescriptor, writeDescriptor } from './descriptors.ts';

/** A kernel counter (eventfd(2)): others add to it, it is readable while it is not zero, reading takes everything. */
export class EventCounter implements Disposable {
  readonly descriptor: number;

  /** Makes one, or takes over a descriptor that is one. */
  constructor(descriptor?: number) {
    this.descriptor = descriptor ?? check(native.eventfd(0, closeOnExec | nonBlock), 'eventfd', 'a counter');
  }

  add(count = 1n): void {
    const value = new BigUint64Array([count]);
    writeDescriptor(this.descriptor, new Uint8Array(value.buffer));
  }

  /** The count since the last call. */
  take(): bigint {
    const value = new BigUint64Array(1);
    const result = readDescriptor(this.descriptor, new Uint8Array(value.buffer));
    return result === 'would-block' ? 0n : (value[0] ?? 0n);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.descriptor);
  }
}

const closeOnExec = 0x80000;
const nonBlock = 0x800;

const native = { eventfd: bind('int eventfd(uint32_t initial, int flags)') };
