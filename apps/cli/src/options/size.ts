const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

/** Bytes from `512`, `64k`, `1.5g`, `10MiB`: powers of 1024. Throws `Error` in Docker's words. */
export function parseSize(text: string): number {
  const separator = text.search(/[^0-9.][^0-9.]*$/);
  const [digits, suffix] =
    separator < 0 ? [text, ''] : [text.slice(0, lastDigit(text) + 1), text.slice(lastDigit(text) + 1)];
  const number = Number(digits.trimEnd());
  if (digits === '' || !/^[0-9.]+ ?$/.test(digits) || Number.isNaN(number))
    throw new Error(`invalid size: '${text}'`);
  const unit = /^([kmgtp]?)(?:i?b)?$/.exec(suffix.trim().toLowerCase())?.[1];
  const factor = unit === undefined ? undefined : units[unit];
  if (factor === undefined) throw new Error(`invalid suffix: '${suffix.toLowerCase()}'`);
  return Math.trunc(number * factor);
}

function lastDigit(text: string): number {
  return Math.max(...Array.from('0123456789.', (digit) => text.lastIndexOf(digit)));
}
