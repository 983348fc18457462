import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { assertAscii } from './assert-ascii.ts';

/**
 * Bundles the command line: the entry, and for every dynamic import that can be reached from it a bundle of its own in
 * `chunks/`. Each holds all it needs, so a command loads two or three files; what two bundles share is in both, and a
 * class has one identity in each, which is why the command line tells errors by their fields.
 */
export async function buildCommandLine(root: string, outputDirectory: string): Promise<string[]> {
  const names = new Map<string, string>();
  const waiting: string[] = [];
  const chunkOf = (file: string): string => {
    const known = names.get(file);
    if (known !== undefined) return known;
    const name = path
      .relative(root, file)
      .replace(/^(?:apps|packages)\//, '')
      .replaceAll('/src/', '/')
      .replace(/\.ts$/, '')
      .replaceAll('/', '-');
    names.set(file, name);
    waiting.push(file);
    return name;
  };
  const bundle = async (
    entries: Record<string, string>,
    directory: string,
    chunks: string,
  ): Promise<void> => {
    await build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir: path.join(outputDirectory, directory),
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      // V8 keeps a source of ASCII in half the memory, and takes it over sooner.
      charset: 'ascii',
      minifySyntax: true,
      minifyWhitespace: true,
      define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
      supported: { 'dynamic-import': false },
      plugins: [pureModules, dynamicImportsApart(chunkOf, chunks)],
      logLevel: 'warning',
    });
  };
  await bundle({ gantry: path.join(root, 'apps/cli/src/main.ts') }, '.', './chunks');
  while (waiting.length > 0) {
    const wave = waiting.splice(0);
    await bundle(Object.fromEntries(wave.map((file) => [names.get(file) ?? '', file])), 'chunks', '.');
  }
  const files = ['gantry.js', ...[...names.values()].map((name) => `chunks/${name}.js`)];
  for (const file of files) assertAscii(path.join(outputDirectory, file));
  return files;
}

/** What the most frequent commands need is in the first chunk: a file less to load weighs more than its size. */
const hotModules = ['/tables/container.ts', '/container/run.ts'];

/** Leaves `import('./x.ts')` as a load of the chunk that x gets. */
function dynamicImportsApart(chunkOf: (file: string) => string, chunks: string): Plugin {
  return {
    name: 'dynamic-imports-apart',
    setup: (bundler) =>
      bundler.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ kind, path: specifier, resolveDir }) =>
        kind === 'dynamic-import' && !hotModules.some((module) => specifier.endsWith(module))
          ? { path: `${chunks}/${chunkOf(path.resolve(resolveDir, specifier))}.js`, external: true }
          : undefined,
      ),
  };
}

/** Our packages do nothing when they are loaded, so what a bundle does not use of them is left out of it. */
const pureModules: Plugin = {
  name: 'pure-modules',
  setup: (bundler) =>
    bundler.onResolve({ filter: /^@gantry\// }, async ({ path: specifier, pluginData, ...options }) => {
      if (pluginData === resolving) return undefined;
      const { importer, kind, namespace, resolveDir } = options;
      const resolved = await bundler.resolve(specifier, {
        importer,
        kind,
        namespace,
        resolveDir,
        pluginData: resolving,
      });
      return { ...resolved, sideEffects: false };
    }),
};

const resolving: symbol = Symbol('resolving');
