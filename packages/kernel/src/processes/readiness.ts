import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { closeDescriptor } from './descriptors.ts';
import { EventCounter } from './event-counter.ts';

/** `hangup`: nothing but the other side's end, or that a dead process was reaped. It ends every interest. */
export type Interest = 'readable' | 'writable' | 'hangup';

/** One descriptor under watch. Dispose it before its descriptor is closed. */
export interface ReadinessWatch extends Disposable {
  /** Asks for one call of the callback, at once if the descriptor is ready already. Asking twice is asking once. */
  arm(): void;
}

/**
 * Tells when descriptors that Node cannot poll are ready: FIFOs that must not be read, pidfds, eventfds, pty masters,
 * netlink sockets. Thousands of them share one epoll instance. A descriptor is watched once: duplicate it for a second interest.
 *
 * The wait takes one thread of libuv's pool while any watch is armed (a worker thread would cost 16 MB instead), and
 * holds the process open as long; `process.exit()` is never held up.
 */
export class ReadinessPoller implements Disposable {
  readonly #epoll: number;
  readonly #bell = new EventCounter();
  readonly #watches = new Map<number, () => void>();
  readonly #events = new Uint8Array(eventBytes * eventsPerWait);
  readonly #onProcessExit = (): void => this.#bell.add();
  #nextToken = 1;
  #armed = 0;
  #waiting = false;
  #disposed = false;

  constructor() {
    this.#epoll = check(native.create(closeOnExec), 'epoll_create1', 'the poller');
    this.#control(controlAdd, this.#bell.descriptor, epollIn, bellToken);
    process.on('exit', this.#onProcessExit);
  }

  /** Watches `descriptor`; nothing is reported before `arm()`. `onReady` runs on the event loop. */
  watch(descriptor: number, interest: Interest, onReady: () => void): ReadinessWatch {
    const token = this.#nextToken++;
    const events = interestEvents[interest] | epollOneShot;
    let state: 'new' | 'idle' | 'armed' | 'gone' = 'new';
    this.#watches.set(token, () => {
      if (state !== 'armed') return;
      state = 'idle';
      this.#armed -= 1;
      onReady();
    });
    return {
      arm: () => {
        if (state === 'armed' || state === 'gone' || this.#disposed) return;
        this.#control(state === 'new' ? controlAdd : controlModify, descriptor, events, token);
        state = 'armed';
        this.#armed += 1;
        this.#wait();
      },
      [Symbol.dispose]: () => {
        if (state === 'gone') return;
        if (state !== 'new' && !this.#disposed) this.#control(controlDelete, descriptor, 0, token);
        if (state === 'armed') this.#armed -= 1;
        state = 'gone';
        this.#watches.delete(token);
        if (this.#armed === 0 && this.#waiting && !this.#disposed) this.#bell.add();
      },
    };
  }

  /** Resolves when `descriptor` is ready; rejects when `signal` aborts. */
  async ready(descriptor: number, interest: Interest, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    using watch = this.watch(descriptor, interest, resolve);
    const onAbort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      watch.arm();
      await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** No callback runs after this. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#watches.clear();
    process.off('exit', this.#onProcessExit);
    if (this.#waiting) this.#bell.add();
    else this.#close();
  }

  #wait(): void {
    if (this.#waiting || this.#disposed) return;
    this.#waiting = true;
    void native.wait.async(this.#epoll, this.#events, eventsPerWait, -1).then(({ result }) => {
      this.#waiting = false;
      if (this.#disposed) {
        this.#close();
        return;
      }
      // Copied first: a callback may dispose other watches of this batch, and the buffer is reused by the next wait.
      const tokens = readTokens(this.#events, result);
      if (tokens.includes(bellToken)) this.#bell.take();
      for (const token of tokens) this.#watches.get(token)?.();
      if (this.#armed > 0) this.#wait();
    });
  }

  #control(operation: number, descriptor: number, events: number, token: number): void {
    const event = new Uint8Array(eventBytes);
    const view = new DataView(event.buffer);
    view.setUint32(0, events, true);
    view.setUint32(eventDataOffset, token, true);
    if (native.control(this.#epoll, operation, descriptor, event) < 0) {
      throw new KernelError('epoll_ctl', lastErrno(), `descriptor ${descriptor}`);
    }
  }

  #close(): void {
    closeDescriptor(this.#epoll);
    this.#bell[Symbol.dispose]();
  }
}

/** `struct epoll_event` is packed on x86-64 only. */
const packed = process.arch === 'x64';
const eventBytes = packed ? 12 : 16;
const eventDataOffset = packed ? 4 : 8;
const eventsPerWait = 256;
const bellToken = 0;

const closeOnExec = 0x80000;
const controlAdd = 1;
const controlDelete = 2;
const controlModify = 3;
const epollIn = 1;
const epollOut = 4;
const epollOneShot = 1 << 30;
/** EPOLLHUP and EPOLLERR are always reported. */
const interestEvents: Readonly<Record<Interest, number>> = {
  readable: epollIn,
  writable: epollOut,
  hangup: 0,
};

function readTokens(events: Uint8Array, count: number): number[] {
  const view = new DataView(events.buffer);
  const tokens: number[] = [];
  for (let index = 0; index < count; index++) {
    tokens.push(view.getUint32(index * eventBytes + eventDataOffset, true));
  }
  return tokens;
}

const native = {
  create: bind('int epoll_create1(int flags)'),
  control: bind('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
  wait: bind('int epoll_wait(int epoll, void *events, int maxEvents, int timeoutMs)'),
};
