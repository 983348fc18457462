import type { StatusEvent } from './build-events.ts';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Powers of 1000 with two digits after the point: `1.05MB`; bytes are whole. */
export function formatBytes(sizeBytes: number): string {
  let size = sizeBytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(size) : size.toFixed(2)}${units[unit]}`;
}

/** `1.05MB / 3.20MB`, `1.05MB`, or nothing for a status without an extent. */
export function extentOf({ current, total }: StatusEvent): string {
  if (total > 0) return `${formatBytes(current)} / ${formatBytes(total)}`;
  return current > 0 ? formatBytes(current) : '';
}

/** How long a status has taken; undefined when it has not begun. */
export function statusSeconds({ startedNs, completedNs }: StatusEvent, nowNs: bigint): number | undefined {
  if (startedNs === undefined) return undefined;
  return Math.max(0, Number((completedNs ?? nowNs) - startedNs) / 1e9);
}

/** ` 1.2s`; nothing for what takes no time worth telling. */
export function spentText(seconds: number | undefined): string {
  const text = seconds?.toFixed(1) ?? '0.0';
  return text === '0.0' ? '' : ` ${text}s`;
}

/** `extracting sha256:… 1.05MB / 3.20MB`. */
export function statusTitle(status: StatusEvent): string {
  return [status.id, extentOf(status)].filter((part) => part !== '').join(' ');
}
