import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { loadBusybox } from '../../support/busybox-image.ts';
import { dockerPlugins, needsDockerPlugins } from '../../support/docker-plugins.ts';
import { peer, TestDaemon } from '../../support/test-daemon.ts';
import { type DockerfileCase, type Outcome, seenImage, toldBy, writeCase } from './outcome.ts';

const timeout = 240_000;
/** By buildx one of so many is built too: what the engine makes of them is the same for both. */
const stride = 10;

/**
 * Small Dockerfiles, and all that can be seen of the builds of them: image, layers, warnings, errors. What is expected is what
 * dockerd 28.5.2 and buildx 0.29.1 make of them: `GANTRY_TEST_PEER=<that dockerd> GANTRY_WRITE_EXPECTED=1` writes it anew, to
 * `<name>.json` of this directory.
 */
export function judgeByBuildkit(
  name: string,
  written: Readonly<Record<string, DockerfileCase | string>>,
): void {
  const expectedFile = path.join(import.meta.dirname, `${name}.json`);
  const expected = JSON.parse(readFileSync(expectedFile, 'utf8')) as Record<string, Outcome>;
  const cases = Object.entries(written);
  let daemon: TestDaemon;
  let directory: string;
  before(async () => {
    daemon = await TestDaemon.start();
    await loadBusybox(daemon);
    directory = mkdtempSync('/tmp/gantry-as-buildkit-');
  });
  after(async () => {
    rmSync(directory, { recursive: true, force: true });
    await daemon[Symbol.asyncDispose]();
  });

  const outcomeOf = async (program: 'gantry' | 'docker', index: number): Promise<Outcome> => {
    const [, one = ''] = cases[index] ?? [];
    const {
      dockerfile,
      files,
      args = [],
    }: DockerfileCase = typeof one === 'string' ? { dockerfile: one } : one;
    const cwd = path.join(directory, `${program}-${index}`);
    writeCase(path.join(cwd, 'context'), { dockerfile, ...(files && { files }) });
    const tag = `as-buildkit-${program}-${index}`;
    const words = ['build', '--progress', 'plain', '-t', tag, ...args, 'context'];
    const finished = await daemon[program](words, { cwd, env: { DOCKER_CONFIG: dockerPlugins } });
    const outcome = { exitCode: finished.exitCode, told: toldBy(finished) };
    return finished.exitCode === 0 ? { ...outcome, ...(await seenImage(daemon.api, tag)) } : outcome;
  };

  /** A few at once: most of the time a build waits for its client. */
  const outcomesOf = async (program: 'gantry' | 'docker', every: number): Promise<Map<string, Outcome>> => {
    const outcomes = new Map<string, Outcome>();
    const indices = cases.keys().filter((index) => index % every === 0);
    const lane = async (): Promise<void> => {
      for (const index of indices) outcomes.set(cases[index]?.[0] ?? '', await outcomeOf(program, index));
    };
    await Promise.all([lane(), lane(), lane()]);
    return outcomes;
  };

  const assertExpected = (outcomes: ReadonlyMap<string, Outcome>): void => {
    const differing = [...outcomes].filter(([key, outcome]) => !isDeepStrictEqual(outcome, expected[key]));
    const told = differing.map(([key, outcome]) => ({ key, outcome, expected: expected[key] }));
    assert.deepEqual(told, []);
  };

  void test('builds give what those of BuildKit give', {
    skip: peer !== undefined && 'our own CLI',
    timeout,
  }, async () => {
    assertExpected(await outcomesOf('gantry', 1));
  });

  void test('builds by buildx give what those of BuildKit give', {
    ...needsDockerPlugins,
    timeout,
  }, async () => {
    const isWriting = process.env['GANTRY_WRITE_EXPECTED'] !== undefined;
    const outcomes = await outcomesOf('docker', isWriting ? 1 : stride);
    if (!isWriting) return assertExpected(outcomes);
    const sorted = Object.fromEntries(cases.map(([key]) => [key, outcomes.get(key)]));
    writeFileSync(expectedFile, `${JSON.stringify(sorted, null, 1)}\n`);
  });
}
