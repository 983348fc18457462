/**
 * Bundles the three programs into `dist/`; the sources run without it, the bundle starts faster.
 *   dist/gantry.js          the command line: CommonJS, which Node starts quicker than ES modules
 *   dist/chunks/*.js        one file for every dynamic import of the command line, loaded when it is reached
 *   dist/gantryd.js         the daemon (a line that loads gantryd-main.js)
 *   dist/gantry-registry.js the registry, likewise
 *   dist/*.worker.js        one file for every `*.worker.ts`
 *   dist/.stamp             newer than every source it was made of; its text lists what was built
 * `--out=DIRECTORY` builds elsewhere. Native packages (koffi) are not bundled: they are found in node_modules above `dist`, or, after
 * `node scripts/build.ts --standalone`, in a copy inside `dist`.
 * The new `dist` takes the old one's place in one step, so a command that runs meanwhile finds one or the other.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildCommandLine } from './build/command-line.ts';
import { buildServers } from './build/servers.ts';

const root = path.resolve(import.meta.dirname, '..');
const nativePackages = ['koffi', '@koromix'];

const startedMs = performance.now();
const wanted = process.argv.find((word) => word.startsWith('--out='))?.slice('--out='.length);
const files = await buildAll({
  outputDirectory: path.resolve(wanted ?? path.join(root, 'dist')),
  standalone: process.argv.includes('--standalone'),
});
console.error(`built ${files.length} files in ${Math.round(performance.now() - startedMs)} ms`);

/** Builds everything; resolves with the files' names. Throws when a bundle cannot be made, and leaves the old one. */
async function buildAll({
  outputDirectory,
  standalone = false,
}: {
  outputDirectory: string;
  standalone?: boolean;
}): Promise<string[]> {
  const startedAt = new Date();
  const fresh = `${outputDirectory}.new.${process.pid}`;
  const old = `${outputDirectory}.old.${process.pid}`;
  try {
    mkdirSync(fresh, { recursive: true });
    const built = await Promise.all([buildCommandLine(root, fresh), buildServers(root, fresh)]);
    const files = built.flat().toSorted();
    if (standalone) copyNativePackages(fresh);
    writeFileSync(path.join(fresh, 'package.json'), '{ "type": "commonjs" }\n');
    const stamp = path.join(fresh, '.stamp');
    writeFileSync(stamp, `${files.join('\n')}\n`);
    // A source that changes while the build runs must look newer than what was built.
    utimesSync(stamp, startedAt, startedAt);
    if (existsSync(outputDirectory)) renameSync(outputDirectory, old);
    renameSync(fresh, outputDirectory);
    return files;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

function copyNativePackages(directory: string): void {
  for (const name of nativePackages) {
    const source = path.join(root, 'node_modules', name);
    if (existsSync(source)) cpSync(source, path.join(directory, 'node_modules', name), { recursive: true });
  }
}
