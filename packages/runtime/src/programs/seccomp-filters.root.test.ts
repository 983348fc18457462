import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Logger, silentLogger, systemClock } from '@gantry/base';
import { detectCgroups } from '@gantry/kernel';
import type { RuntimeSpec } from '@gantry/oci';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { findProgram } from './oci-program.ts';
import { SeccompFilters } from './seccomp-filters.ts';

function specWith(defaultAction: string): RuntimeSpec {
  return {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args: ['true'], cwd: '/' },
    root: { path: '/' },
    mounts: [],
    annotations: { own: 'kept' },
    linux: {
      namespaces: [],
      seccomp: { defaultAction, syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }] },
    },
  };
}

function filtersIn(root: string, warnings: string[] = [], closing = neverClosing()): SeccompFilters {
  const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) };
  const workFolder = path.join(root, 'work');
  return new SeccompFilters({
    program: findProgram('crun'),
    cgroups: detectCgroups(),
    workFolder,
    clock: systemClock,
    logger,
    closing,
  });
}

test('the second container of a profile gets the filter that the first made be compiled', async () => {
  await using root = await temporaryRoot('seccomp');
  await using leaks = await LeakCheck.begin({ tag: root.path, cgroupPrefix: 'gantry-seccomp' });
  const filters = filtersIn(root.path);
  const spec = specWith('SCMP_ACT_ALLOW');
  await filters.prepare(spec);
  assert.equal(filters.apply(spec), spec);
  await filters.prepare(spec);
  const { annotations, linux } = filters.apply(specWith('SCMP_ACT_ALLOW'));
  assert.equal(annotations?.['own'], 'kept');
  assert.deepEqual(linux, spec.linux);
  const filter = Buffer.from(annotations?.['run.oci.seccomp_bpf_data'] ?? '', 'base64');
  assert.ok(filter.length > 0 && filter.length % 8 === 0, String(filter.length));
  const other = specWith('SCMP_ACT_LOG');
  await filters.prepare(other);
  assert.equal(filters.apply(other), other);
  await filters.idle();
  assert.deepEqual(readdirSync(path.join(root.path, 'work')), []);
  await leaks.check();
});

test('a profile that crun does not take is told, and its containers go by the profile', async () => {
  await using root = await temporaryRoot('seccomp');
  const warnings: string[] = [];
  const filters = filtersIn(root.path, warnings);
  const spec = specWith('SCMP_ACT_NONSENSE');
  await filters.prepare(spec);
  await filters.idle();
  await filters.prepare(spec);
  assert.equal(filters.apply(spec), spec);
  assert.deepEqual(warnings, ['a seccomp profile was not compiled ahead; starts are slower']);
});

test('an engine that closes while it compiles, or died, leaves nothing', async () => {
  await using root = await temporaryRoot('seccomp');
  await using leaks = await LeakCheck.begin({ tag: root.path, cgroupPrefix: 'gantry-seccomp' });
  const warnings: string[] = [];
  mkdirSync(path.join(root.path, 'work', 'filter-of-the-dead', 'rootfs'), { recursive: true });
  const closing = new AbortController();
  const filters = filtersIn(root.path, warnings, closing.signal);
  await filters.idle();
  await filters.prepare(specWith('SCMP_ACT_ALLOW'));
  closing.abort();
  await filters.idle();
  assert.deepEqual(readdirSync(path.join(root.path, 'work')), []);
  assert.deepEqual(warnings, []);
  await leaks.check();
});

function neverClosing(): AbortSignal {
  return new AbortController().signal;
}
