/** Numbers of a list such as `0-2,7`, as the kernel writes CPUs and memory nodes. Undefined when it is malformed. */
export function parseNumberList(text: string): Set<number> | undefined {
  const numbers = new Set<number>();
  if (text.trim() === '') return numbers;
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part) ?? [];
    if (first === undefined || last === undefined || Number(last) < Number(first)) return undefined;
    for (let number = Number(first); number <= Number(last); number += 1) numbers.add(number);
  }
  return numbers;
}
