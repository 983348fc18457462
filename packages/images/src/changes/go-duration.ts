const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a Go duration (`1h30m`, `1.5s`, `-10ms`, `0`; Go time.ParseDuration), or undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  const parts = [...unsigned.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== unsigned) return undefined;
  const sum = parts.reduce((total, part) => total + Number(part[1]) * (unitNs[part[2] ?? ''] ?? 0), 0);
  const rounded = Math.round(text.startsWith('-') ? -sum : sum);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
