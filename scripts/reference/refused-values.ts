import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const text = String.raw`(?:'([^'\n]*)'|"([^"\n]*)"|` + '`([^`\\n]*)`)';
const call = new RegExp(String.raw`new (?:Option)?NotBuiltError\(\s*${text}`, 'g');

/** Everything that the engine's sources say is not built, and where: what is refused for its value, too, stands only there. */
export function refusedValues(root: string): string[][] {
  const places = new Map<string, Set<string>>();
  for (const file of globSync('packages/*/src/**/*.ts', { cwd: root }).sort()) {
    if (file.endsWith('.test.ts')) continue;
    for (const [, single, double, template] of readFileSync(path.join(root, file), 'utf8').matchAll(call)) {
      const what = (single ?? double ?? template ?? '').replace(/\$\{[^}]*\}/g, '…');
      // The routes of whole operations, which the tables above have, are made from a list.
      if (what.includes('…') && what.includes('(')) continue;
      const where = file.split('/').slice(0, 2).join('/');
      places.set(what, (places.get(what) ?? new Set()).add(where));
    }
  }
  return [...places]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, where]) => [what, [...where].join(', ')]);
}
