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

/**
 * Nanoseconds of a Go duration (`1h30m`, `1.5s`, `-10ms`, `0`; Go time.ParseDuration). Throws `Error` in Go's words, also for one
 * that no JavaScript number holds.
 */
export function parseGoDuration(text: string): number {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
  let totalNs = 0;
  let at = 0;
  while (at < body.length) {
    part.lastIndex = at;
    const match = part.exec(body);
    if (match === null) throw invalid(text, body.slice(at));
    totalNs += Number(match[1]) * (unitNs[match[2] ?? ''] ?? 0);
    at = part.lastIndex;
  }
  const rounded = Math.round(sign === '-' ? -totalNs : totalNs);
  if (body === '' || !Number.isSafeInteger(rounded)) throw invalid(text, '');
  return rounded;
}

function invalid(text: string, rest: string): Error {
  const [, unit = ''] = /^[\d.]+([^\d.]*)/.exec(rest) ?? [];
  const number = /^\d/.test(rest);
  if (number && unit === '') return new Error(`time: missing unit in duration "${text}"`);
  if (number) return new Error(`time: unknown unit "${unit}" in duration "${text}"`);
  return new Error(`time: invalid duration "${text}"`);
}
