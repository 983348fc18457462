import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/**
 * Bundles the daemon, and every `*.worker.ts` of the packages. A worker is found by `new URL('./x.worker.ts',
 * import.meta.url)`, which is right in the sources; in the bundle it becomes `./x.worker.mjs`, so the file names of
 * workers are unique in the repository. Any other file beside a source cannot be carried along, and fails the build.
 */
export async function buildDaemon(root: string, outputDirectory: string): Promise<string[]> {
  const workers = globSync('packages/*/src/**/*.worker.ts', { cwd: root });
  const names = workers.map((file) => path.basename(file, '.ts'));
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) throw new Error(`two workers are called ${twin}.ts: their names must be unique`);
  const options = optionsFor(root, outputDirectory);
  await Promise.all([
    build({ ...options, entryPoints: { gantryd: 'apps/daemon/src/main.ts' } }),
    build({
      ...options,
      entryPoints: Object.fromEntries(workers.map((file, index) => [names[index] ?? '', file])),
    }),
  ]);
  writeFileSync(path.join(outputDirectory, 'gantryd.js'), launcher);
  return ['gantryd.js', 'gantryd.mjs', ...names.map((name) => `${name}.mjs`)];
}

function optionsFor(root: string, outputDirectory: string): BuildOptions {
  return {
    absWorkingDir: root,
    outdir: outputDirectory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    charset: 'utf8',
    external: ['koffi'],
    // CommonJS packages among the dependencies ask for Node's own modules by require.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    plugins: [workerFiles],
    logLevel: 'warning',
  };
}

/**
 * One thread of libuv's pool waits for the kernel's news for good and unmounting takes others; their number is read from
 * the environment when the first one starts, which is before any module of ours.
 */
const poolThreads = 8;

const launcher: string = `process.env.UV_THREADPOOL_SIZE ??= '${poolThreads}';\nrequire('node:module').enableCompileCache(__dirname + '/.compile-cache');\nimport('./gantryd.mjs');\n`;

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
        return whole.replace(target, `./${path.basename(target, '.ts')}.mjs`);
      });
      return { contents, loader: 'ts' };
    }),
};
