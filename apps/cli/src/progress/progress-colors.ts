/** Escape sequences that begin a color; empty for none. */
export interface ProgressColors {
  /** What has ended well. */
  readonly run: string;
  readonly error: string;
  readonly warning: string;
  readonly cancel: string;
  readonly reset: string;
}

const names: Readonly<Record<string, number>> = {
  black: 30,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  white: 37,
};

const plain: ProgressColors = { run: '', error: '', warning: '', cancel: '', reset: '' };

/**
 * `NO_COLOR` switches colors off; `BUILDKIT_COLORS` names others: `run=green:error=red:warning=255,160,0:cancel=yellow`. What is no color
 * there is passed over.
 */
export function progressColors(environment: Readonly<Record<string, string | undefined>>): ProgressColors {
  if (environment['NO_COLOR']) return plain;
  const colors = { run: code(34), error: code(31), warning: code(33), cancel: code(33), reset: code(0) };
  for (const field of (environment['BUILDKIT_COLORS'] ?? '').split(':')) {
    const [name = '', value = ''] = field.split('=');
    const sequence = sequenceOf(value);
    if (sequence === undefined) continue;
    if (name === 'run' || name === 'error' || name === 'warning' || name === 'cancel')
      colors[name] = sequence;
  }
  return colors;
}

function sequenceOf(value: string): string | undefined {
  const named = names[value.toLowerCase()];
  if (named !== undefined) return code(named);
  const parts = value.split(',').map(Number);
  const isByte = (part: number): boolean => Number.isInteger(part) && part >= 0 && part <= 255;
  return parts.length === 3 && parts.every(isByte) ? `\x1b[38;2;${parts.join(';')}m` : undefined;
}

function code(number: number): string {
  return `\x1b[${number}m`;
}
