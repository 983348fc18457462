import type { ProgressMessage } from '@gantry/api-types';
import type { Clock } from '@gantry/base';

const intervalNs = 100_000_000n;

/**
 * Passes progress on at most ten times a second for each id and status, the first and whatever has no numbers always:
 * bytes are counted far more often than anybody looks.
 */
export function throttleProgress(
  clock: Clock,
  onProgress: (message: ProgressMessage) => void,
): (message: ProgressMessage) => void {
  const lastNs = new Map<string, bigint>();
  return (message) => {
    if (message.progressDetail !== undefined) {
      const key = `${message.id} ${message.status}`;
      const { current, total } = message.progressDetail;
      const nowNs = clock.nowNs();
      const isSoon = nowNs - (lastNs.get(key) ?? nowNs - intervalNs) < intervalNs;
      if (isSoon && current !== total) return;
      lastNs.set(key, nowNs);
    }
    onProgress(message);
  };
}
