/**
 * Keeps `docs/reference/errors.md` equal to the error classes in the sources: one row a code. Codes are unique to one fact:
 * the same code with two kinds is a breach. Usage: node scripts/check-errors.ts [--write]
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Row {
  code: string;
  kind: string;
  where: string;
}

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'docs/reference/errors.md');
const call =
  /(?:super|new EngineError)\(\s*(?:'([a-z-]+)'|[^'"`,()]*(?:\([^)]*\))?[^'"`,()]*(?:'[a-z-]+')?),\s*'([a-z0-9-]+)'/g;

const rows = new Map<string, Row>();
const breaches: string[] = [];
for (const file of globSync('{packages,apps}/*/src/**/*.ts', { cwd: root }).sort()) {
  if (!file.endsWith('.test.ts')) collect(file);
}
const text = render([...rows.values()].sort((a, b) => a.code.localeCompare(b.code)));
if (process.argv.includes('--write')) {
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
} else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  breaches.push('docs/reference/errors.md is not in step; run: node scripts/check-errors.ts --write');
}
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) process.exit(1);

function collect(file: string): void {
  for (const match of readFileSync(path.join(root, file), 'utf8').matchAll(call)) {
    const code = match[2] ?? '';
    const kind = match[1] ?? 'by its cause';
    const where = file.split('/').slice(0, 2).join('/');
    const known = rows.get(code);
    if (known === undefined) rows.set(code, { code, kind, where });
    else if (known.kind !== kind)
      breaches.push(`${file}: code '${code}' is ${kind} here and ${known.kind} in ${known.where}`);
    else if (!known.where.split(', ').includes(where)) known.where += `, ${where}`;
  }
}

function render(all: readonly Row[]): string {
  const lines = all.map(({ code, kind, where }) => `| \`${code}\` | ${kind} | ${where} |`);
  return [
    '# Errors',
    '',
    'Every error that Gantry throws on purpose has a kind, which decides status and exit code, and a code, which names the fact.',
    'Made by `scripts/check-errors.ts` from the sources.',
    '',
    '| code | kind | from |',
    '|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}
