/**
 * `npm run check [-- path…]`: every static check, all at once; prints only what failed.
 * With paths, findings elsewhere are left out of format and lint (types and layers are always whole).
 */
import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const paths = process.argv.slice(2);
const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name);

const checks: Record<string, [string, ...string[]]> = {
  format: [bin('biome'), 'check', '--error-on-warnings', ...(paths.length > 0 ? paths : ['.'])],
  lint: [bin('oxlint'), '--type-aware', '--deny-warnings', ...paths],
  types: [bin('tsc'), '--pretty', 'false'],
  layers: [process.execPath, path.join(root, 'scripts/check-layers.ts')],
  'dead code': [bin('knip'), '--no-progress', '--no-config-hints'],
  errors: [process.execPath, path.join(root, 'scripts/check-errors.ts')],
  docs: [process.execPath, path.join(root, 'scripts/check-docs.ts')],
  coverage: [process.execPath, path.join(root, 'scripts/check-coverage.ts')],
  messages: [process.execPath, path.join(root, 'scripts/generate-messages.ts'), '--check'],
};

const results = await Promise.all(Object.entries(checks).map(([name, command]) => run(name, command)));
const failed = results.filter((result) => result.code !== 0);
for (const { name, output } of failed) console.error(`── ${name}\n${output.trimEnd()}\n`);
console.log(
  failed.length === 0
    ? `check: ${results.length} checks passed`
    : `check: failed: ${failed.map((result) => result.name).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function run(
  name: string,
  [command, ...args]: [string, ...string[]],
): Promise<{ name: string; code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ name, code: code ?? 1, output }));
  });
}
