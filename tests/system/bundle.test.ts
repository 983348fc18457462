import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { run } from '../support/processes.ts';

test('the bundle starts both programs, tells failures across its chunks, and replaces an older one whole', async () => {
  const root = mkdtempSync('/tmp/gantry-bundle-');
  // the native library is looked for in node_modules above the bundle
  const outputDirectory = path.join(import.meta.dirname, `../../dist.test.${process.pid}`);
  try {
    const build = [path.join(import.meta.dirname, '../../scripts/build.ts'), `--out=${outputDirectory}`];
    for (const round of ['first', 'again'])
      assert.equal((await run(process.execPath, build)).exitCode, 0, round);
    const gantry = (...args: string[]): ReturnType<typeof run> =>
      run(process.execPath, [
        '--',
        path.join(outputDirectory, 'gantry.js'),
        '-H',
        `unix://${root}/none`,
        ...args,
      ]);
    assert.match((await gantry('--version')).stdout, /^Gantry version/);
    assert.match((await gantry('run', '--help')).stdout, /^Usage: {2}gantry run/);
    const refused = await gantry('run', 'image');
    assert.equal(refused.exitCode, 125);
    assert.match(
      refused.stderr,
      /^gantry: Cannot connect to the Gantry engine at unix:.*\n\nRun 'gantry run --help'/s,
    );
    assert.equal((await gantry('inspect', '--type', 'nothing', 'x')).exitCode, 1);
    assert.equal((await gantry('ps', '--nothing')).exitCode, 125);
    const daemon = await run(process.execPath, [path.join(outputDirectory, 'gantryd.js'), '--version']);
    assert.match(daemon.stdout, /^Gantry version/);
    // An idle engine is small because it has not loaded what only some requests need.
    const list = "process.on('exit', () => console.log(process.moduleLoadList.join('\\n')))";
    const script = `${list}; require(${JSON.stringify(path.join(outputDirectory, 'gantryd.js'))})`;
    const loaded = (await run(process.execPath, ['-e', script, 'gantryd', '--version'])).stdout;
    assert.match(loaded, /^NativeModule sqlite$/m);
    assert.doesNotMatch(loaded, /^NativeModule (?:http2|inspector|internal\/deps\/undici\/undici)$/m);
  } finally {
    rmSync(root, { recursive: true });
    rmSync(outputDirectory, { recursive: true, force: true });
  }
});
