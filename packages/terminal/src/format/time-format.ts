/** Go's default print of a local time: `2024-05-06 07:08:09 +0000 UTC`. A fraction is left out. */
export function formatGoTime(time: Date): string {
  const offsetMinutes = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + offsetMinutes * 60_000).toISOString();
  const zone = formatOffset(offsetMinutes);
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zone} ${zoneName(time, offsetMinutes)}`;
}

/** RFC 3339 in local time, with the seconds' fraction that `nanoseconds` tells: `2024-05-06T07:08:09.000000001Z`. */
export function formatNanoTime(unixNs: bigint): string {
  const time = new Date(Number(unixNs / 1_000_000n));
  const offsetMinutes = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const fraction = String(unixNs % 1_000_000_000n).padStart(9, '0');
  const offset = formatOffset(offsetMinutes);
  return `${local}.${fraction}${offsetMinutes === 0 ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`}`;
}

function formatOffset(minutes: number): string {
  const absolute = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(absolute / 60))}${two(absolute % 60)}`;
}

function zoneName(time: Date, offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'UTC';
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(time)
    .find((part) => part.type === 'timeZoneName')?.value;
  return name === undefined || name.startsWith('GMT') ? formatOffset(offsetMinutes).slice(0, 3) : name;
}
