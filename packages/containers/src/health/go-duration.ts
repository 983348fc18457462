/** A span as Go writes it, which is how Docker's texts have it: `500ms`, `1.5s`, `30s`, `1m30s`, `1h0m0s`. */
export function goDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Number(durationMs.toFixed(6))}ms`;
  const seconds = Number(((durationMs / 1000) % 60).toFixed(9));
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes === 0) return `${seconds}s`;
  return minutes < 60 ? `${minutes}m${seconds}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}s`;
}
