import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until it is true; for what sends no event. Throws, with `what`, after `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `not within ${timeoutMs} ms: ${what}`);
    await delay(10);
  }
}
