const prefixes = ['', 'k', 'm', 'g', 't', 'p'];

/**
 * Bytes of `512`, `64k`, `1.5g`, `10MiB` as Docker's go-units reads sizes, whole: powers of 1024 (`RAMInBytes`), or of `step`
 * 1000 (`FromHumanSize`). Throws `Error` in its words.
 */
export function parseByteSize(text: string, step: 1024 | 1000 = 1024): number {
  const separator = text.search(/[^0-9.][^0-9.]*$/);
  const end = separator < 0 ? text.length : lastDigit(text) + 1;
  const digits = text.slice(0, end);
  const suffix = text.slice(end);
  const number = Number(digits.trimEnd());
  if (digits === '' || !/^[0-9.]+ ?$/.test(digits) || Number.isNaN(number))
    throw new Error(`invalid size: '${text}'`);
  const [, prefix] = /^([kmgtp]?)(?:i?b)?$/.exec(suffix.trim().toLowerCase()) ?? [];
  if (prefix === undefined) throw new Error(`invalid suffix: '${suffix.toLowerCase()}'`);
  return Math.trunc(number * step ** prefixes.indexOf(prefix));
}

function lastDigit(text: string): number {
  return Math.max(...Array.from('0123456789.', (digit) => text.lastIndexOf(digit)));
}
