import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { assertAscii } from './assert-ascii.ts';

/**
 * Bundles the daemon, the registry, and every `*.worker.ts` of the packages, as CommonJS, of which Node keeps one copy of the source where it
 * keeps two of a module. A worker is found by `new URL('./x.worker.ts', import.meta.url)`, which is right in the sources; in
 * the bundle it becomes `./x.worker.js`, so the file names of workers are unique in the repository. Any other file beside a
 * source cannot be carried along, and fails the build.
 */
export async function buildServers(root: string, outputDirectory: string): Promise<string[]> {
  const workers = globSync('packages/*/src/**/*.worker.ts', { cwd: root });
  const names = workers.map((file) => path.basename(file, '.ts'));
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) throw new Error(`two workers are called ${twin}.ts: their names must be unique`);
  const options = optionsFor(root, outputDirectory);
  await Promise.all([
    build({ ...options, entryPoints: { 'gantryd-main': 'apps/daemon/src/main.ts' } }),
    build({ ...options, entryPoints: { 'gantry-registry-main': 'apps/registry/src/main.ts' } }),
    build({
      ...options,
      entryPoints: Object.fromEntries(workers.map((file, index) => [names[index] ?? '', file])),
    }),
  ]);
  const files = ['gantryd-main.js', 'gantry-registry-main.js', ...names.map((name) => `${name}.js`)];
  for (const file of files) assertAscii(path.join(outputDirectory, file));
  for (const program of ['gantryd', 'gantry-registry']) {
    writeFileSync(path.join(outputDirectory, `${program}.js`), launcherOf(program));
  }
  return ['gantryd.js', 'gantry-registry.js', ...files];
}

/** The commit where the sources are a checkout, and the time: `SOURCE_DATE_EPOCH` for a build that is to come out the same again. */
function buildFacts(root: string): { GitCommit?: string; BuildTime: string } {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const BuildTime = (epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)).toISOString();
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  const isCheckout = existsSync(path.join(root, '.git')) && git.status === 0;
  return isCheckout ? { GitCommit: git.stdout.trim(), BuildTime } : { BuildTime };
}

function optionsFor(root: string, outputDirectory: string): BuildOptions {
  return {
    absWorkingDir: root,
    outdir: outputDirectory,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    charset: 'ascii',
    minifySyntax: true,
    minifyWhitespace: true,
    // Node.js prints the line of an error that nobody caught.
    lineLimit: 200,
    external: ['koffi'],
    define: {
      'import.meta.url': 'moduleUrl',
      GANTRY_BUILD: JSON.stringify(JSON.stringify(buildFacts(root))),
    },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [workerFiles],
    logLevel: 'warning',
  };
}

/**
 * One thread of libuv's pool waits for the kernel's news for good and unmounting takes others; their number is read from
 * the environment when the first one starts, which is before any module of ours.
 */
const poolThreads = 8;

function launcherOf(program: string): string {
  return `process.env.UV_THREADPOOL_SIZE ??= '${poolThreads}';\nrequire('node:module').enableCompileCache(__dirname + '/.compile-cache');\nrequire('./${program}-main.js');\n`;
}

const besideThisModule: RegExp = /new URL\(\s*'(\.[^']*)',\s*import\.meta\.url/g;

const workerFiles: Plugin = {
  name: 'worker-files',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\/(?:packages|apps)\/[^/]+\/src\/.*\.ts$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      if (!source.includes('import.meta.url')) return undefined;
      const contents = source.replace(besideThisModule, (whole, target: string) => {
        if (!target.endsWith('.worker.ts'))
          throw new Error(`${file}: '${target}' would not be in the bundle; import it`);
        return whole.replace(target, `./${path.basename(target, '.ts')}.js`);
      });
      return { contents, loader: 'ts' };
    }),
};
