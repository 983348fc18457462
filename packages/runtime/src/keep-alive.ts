/**
 * Keeps this process from ending by itself until disposed: for the time of an operation whose waits alone would not, such
 * as a clock's sleep.
 */
export function keepAlive(): Disposable {
  const timer = setInterval(() => {}, longestDelayMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Of a Node.js timer: 2³¹ − 1. */
const longestDelayMs = 0x7fffffff;
