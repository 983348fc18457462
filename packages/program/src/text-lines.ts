/** A line of the JSON log as dockerd's text format has it: `time="…" level=info msg="…" key=value`. */
export function textLine(json: string): string {
  const { time, level, message, pid: _pid, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const first: [string, unknown][] = [
    ['time', time],
    ['level', level === 'warn' ? 'warning' : level],
    ['msg', message],
  ];
  const pairs = [...first, ...Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1))];
  return `${pairs.map(([key, value]) => `${key}=${shown(key, value)}`).join(' ')}\n`;
}

function shown(key: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return key !== 'time' && key !== 'msg' && /^[\w./@^+:-]+$/.test(text) ? text : JSON.stringify(text);
}
