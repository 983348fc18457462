/** C's `%.<significantDigits>g`: trailing zeros dropped, an exponent when the number does not fit in the digits. */
export function formatGeneral(value: number, significantDigits: number): string {
  if (value === 0) return '0';
  const [mantissa = '', exponentText = '0'] = value.toExponential(significantDigits - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < significantDigits) {
    return dropZeros(value.toFixed(Math.max(0, significantDigits - 1 - exponent)));
  }
  const sign = exponent < 0 ? '-' : '+';
  return `${dropZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function dropZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
