/**
 * Writes `packages/buildkit/src/messages/*.ts` from `packages/buildkit/proto/*.proto`: a type and a description of each message, and
 * the methods of each service. Usage: node scripts/generate-messages.ts [--check]
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ProtoFile, parseProto } from './protocol/parse-proto.ts';
import { renderMessages } from './protocol/render-messages.ts';

const root = path.resolve(import.meta.dirname, '..');
const source = path.join(root, 'packages/buildkit/proto');
const target = path.join(root, 'packages/buildkit/src/messages');

const files = new Map<string, ProtoFile>(
  globSync('*.proto', { cwd: source })
    .toSorted()
    .map((name) => [name, parseProto(readFileSync(path.join(source, name), 'utf8'))]),
);
const isCheck = process.argv.includes('--check');
const work = mkdtempSync(path.join(tmpdir(), 'messages-'));
try {
  const made = new Map(
    [...files].map(([name]) => [name.replace('.proto', '.ts'), renderMessages(name, files)]),
  );
  for (const [name, text] of made) writeFileSync(path.join(work, name), text);
  const config = `--config-path=${path.join(root, 'biome.json')}`;
  execFileSync(
    path.join(root, 'node_modules/.bin/biome'),
    ['check', '--write', '--vcs-enabled=false', config, work],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  for (const name of made.keys()) settle(name);
} finally {
  rmSync(work, { recursive: true });
}

function settle(name: string): void {
  const text = readFileSync(path.join(work, name), 'utf8');
  const place = path.join(target, name);
  if (!isCheck) writeFileSync(place, text);
  else if (readFileSync(place, 'utf8') !== text) {
    console.error(`${path.relative(root, place)} is not in step; run: node scripts/generate-messages.ts`);
    process.exitCode = 1;
  }
}
