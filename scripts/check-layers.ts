/**
 * Checks that every import goes down the layers of `layers.json`, enters a package by its public list only,
 * and is declared in that package's `package.json`. Exits 1 with one line and a remedy for each breach.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

interface Layers {
  packages: Record<string, number>;
  /** Imports allowed between packages of one layer: importer → imported. */
  sameLayer: Record<string, string[]>;
  apps: Record<string, string[]>;
  /** Packages that only tests may import. */
  testOnly: string[];
}

interface Unit {
  kind: 'package' | 'app' | 'free';
  name: string;
  folder: string;
}

const root = path.resolve(import.meta.dirname, '..');
const layers = JSON.parse(readFileSync(path.join(root, 'layers.json'), 'utf8')) as Layers;
const breaches: string[] = [];

for (const file of globSync('{apps,packages,tests,scripts,examples}/**/*.ts', {
  cwd: root,
  exclude: (name) => name === 'node_modules' || name === 'dist',
})) {
  checkFile(file);
}
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) process.exit(1);

function checkFile(file: string): void {
  const unit = unitOf(file);
  const source = readFileSync(path.join(root, file), 'utf8');
  const { module } = parseSync(file, source);
  const dynamic = [...source.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)].map((match) => match[1] ?? '');
  const specifiers = [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap((item) => (item.moduleRequest ? [item.moduleRequest.value] : [])),
    ),
    ...dynamic,
  ];
  for (const specifier of new Set(specifiers)) checkImport(file, unit, specifier);
}

function checkImport(file: string, unit: Unit, specifier: string): void {
  if (isBuiltin(specifier)) return;
  if (specifier.startsWith('.')) {
    const target = path.join(path.dirname(file), specifier);
    if (unitOf(target).folder !== unit.folder) {
      breaches.push(`${file}: '${specifier}' leaves ${unit.folder}; import the package by its name`);
    }
    return;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (unit.kind !== 'free') checkDeclared(file, unit, name);
  if (!specifier.startsWith('@gantry/')) return;
  const target = name.slice('@gantry/'.length);
  if (specifier !== name && specifier !== `${name}/testing` && !declaresExport(target, specifier)) {
    breaches.push(`${file}: deep import '${specifier}'; export it from ${name}'s index.ts`);
  }
  if (layers.testOnly.includes(target) && !isTest(file) && unit.name !== target) {
    breaches.push(`${file}: only tests may import ${name}`);
  }
  if (specifier.endsWith('/testing') && !isTest(file)) {
    breaches.push(`${file}: only tests and scripts may import '${specifier}'`);
  }
  if (isTest(file)) return;
  checkLayer(file, unit, target);
}

function checkLayer(file: string, unit: Unit, target: string): void {
  if (unit.kind === 'app' && !layers.apps[unit.name]?.includes(target)) {
    breaches.push(`${file}: apps/${unit.name} may not import @gantry/${target}; see layers.json`);
  }
  if (unit.kind !== 'package') return;
  const from = layers.packages[unit.name];
  const to = layers.packages[target];
  if (from === undefined || to === undefined) {
    breaches.push(`${file}: ${from === undefined ? unit.name : target} has no layer; add it to layers.json`);
  } else if (to >= from && !layers.sameLayer[unit.name]?.includes(target)) {
    breaches.push(
      `${file}: ${unit.name} (L${from}) may not import ${target} (L${to}); move the code down or declare a port`,
    );
  }
}

function checkDeclared(file: string, unit: Unit, name: string): void {
  const manifest = JSON.parse(readFileSync(path.join(root, unit.folder, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  const rootManifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  if (name === manifest.name || manifest.dependencies?.[name] !== undefined) return;
  const testDependency = manifest.devDependencies?.[name] ?? rootManifest.devDependencies[name];
  if (isTest(file) && (testDependency !== undefined || name === '@gantry/testkit')) return;
  breaches.push(`${file}: '${name}' is not a dependency in ${unit.folder}/package.json; declare it`);
}

function declaresExport(target: string, specifier: string): boolean {
  const manifest = path.join(root, 'packages', target, 'package.json');
  if (!existsSync(manifest)) return false;
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, string> };
  return exports[`.${specifier.slice(`@gantry/${target}`.length)}`] !== undefined;
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.includes('/testing/') || /^(?:tests|scripts)\//.test(file);
}

function unitOf(file: string): Unit {
  const [top = '', second = ''] = file.split(path.sep);
  if (top === 'packages') return { kind: 'package', name: second, folder: `packages/${second}` };
  if (top === 'apps') return { kind: 'app', name: second, folder: `apps/${second}` };
  return { kind: 'free', name: top, folder: top };
}
