/** Docker's order of names: byte by byte, but runs of digits by their number (`a2` before `a10`). */
export function naturalOrder(left: string, right: string): number {
  const [a, b] = [chunks(left), chunks(right)];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = compareChunks(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** A character each, or a run of digits. */
function chunks(text: string): string[] {
  return text.match(/\d+|\D/g) ?? [];
}

function compareChunks(left: string, right: string): number {
  const areNumbers = /^\d/.test(left) && /^\d/.test(right);
  if (areNumbers && Number(left) !== Number(right)) return Number(left) - Number(right);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
