import { formatGeneral } from './number-format.ts';

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Powers of 1000, as Docker's lists show sizes: `74.8MB` with three digits, `1.234GB` with four. */
export function formatSize(sizeBytes: number, significantDigits: number = 3): string {
  return scale(sizeBytes, { base: 1000, units: decimalUnits, significantDigits });
}

/** Powers of 1024 and four digits, as Docker shows memory: `15.62GiB`. */
export function formatBinarySize(sizeBytes: number): string {
  return scale(sizeBytes, { base: 1024, units: binaryUnits, significantDigits: 4 });
}

interface Scale {
  base: number;
  units: readonly string[];
  significantDigits: number;
}

function scale(sizeBytes: number, { base, units, significantDigits }: Scale): string {
  let size = sizeBytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit += 1;
  }
  return `${formatGeneral(size, significantDigits)}${units[unit]}`;
}
