import { Semaphore } from '@gantry/base';
import koffi from 'koffi';
import { KernelError } from './errno.ts';

/** The C library, opened once. The only FFI door: nothing outside `packages/kernel` imports koffi. */
const libc = koffi.load('libc.so.6');

/** koffi refuses its 257th asynchronous call; the pool that runs them has four threads. */
const asyncCalls = new Semaphore(128);

/**
 * An FFI argument: a number, a handle, a buffer (passed by address), a string (copied, NUL-terminated), a list of
 * strings that ends with null (for `const char **`), or null.
 */
export type NativeArgument = number | bigint | Uint8Array | string | null | readonly (string | null)[];

export interface NativeFunction {
  /** Calls on this thread. Returns what C returned; errno is lost unless read at once by `check`. */
  (...args: NativeArgument[]): number;
  /**
   * Calls on a pool thread; main thread only; in order of asking, any number at once. Resolves with the return value
   * and the errno of that thread.
   */
  async: (...args: NativeArgument[]) => Promise<{ result: number; errno: number }>;
}

/**
 * Binds a libc function by its C prototype, such as `int umount2(const char *target, int flags)`. `ssize_t` is
 * unknown to koffi: write `int64_t`. Paths that may not be UTF-8 are declared `const uint8_t *` and passed NUL-terminated.
 */
export function bind(prototype: string): NativeFunction {
  const native = libc.func(prototype);
  const call = ((...args) => Number(native(...args))) as NativeFunction;
  const callAsync: NativeFunction['async'] = (...args) =>
    new Promise((resolve, reject) => {
      native.async(...args, (error: unknown, result: number | bigint) => {
        if (error) reject(error);
        else resolve({ result: Number(result), errno: koffi.errno() });
      });
    });
  call.async = (...args) => asyncCalls.run(() => callAsync(...args));
  return call;
}

/** `result` when it is not negative; otherwise throws the `KernelError` of the current errno. */
export function check(result: number, call: string, subject: string): number {
  if (result < 0) throw new KernelError(call, koffi.errno(), subject);
  return result;
}

/** The errno of the last FFI call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}
