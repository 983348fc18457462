/**
 * Checks that documents are in step with the tree: every package and app has a README, every relative link in a
 * Markdown file leads somewhere, and none has the marks of a merge that was not finished.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const breaches: string[] = [];

for (const folder of globSync('{packages,apps}/*', { cwd: root })) {
  if (!existsSync(path.join(root, folder, 'README.md'))) breaches.push(`${folder}: has no README.md`);
}
for (const file of globSync(['*.md', '{docs,packages,apps,tests,examples}/**/*.md'], {
  cwd: root,
  exclude: (name) => name === 'node_modules',
})) {
  const text = readFileSync(path.join(root, file), 'utf8');
  if (/^(<{7}|>{7}) /m.test(text)) breaches.push(`${file}: has the marks of an unfinished merge`);
  checkLinks(file, text);
}
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) process.exit(1);

function checkLinks(file: string, text: string): void {
  for (const match of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    const target = (match[1] ?? '').split('#')[0] ?? '';
    if (target === '' || /^[a-z]+:/.test(target)) continue;
    if (!existsSync(path.join(root, path.dirname(file), target))) {
      breaches.push(`${file}: link to '${target}' leads nowhere`);
    }
  }
}
