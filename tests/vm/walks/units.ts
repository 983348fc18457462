/**
 * The units of packaging/systemd under a real service manager: the engine begins with the first call to its socket, containers outlive its
 * stop, its restart and its death, and the registry keeps what was pushed when it is killed. Run by `npm run test:vm` in a virtual
 * machine alone: it installs units and programs where a package would. Throws at the first thing that is not as it should be.
 */
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { busyboxArchive, busyboxImage } from '../../support/busybox-image.ts';

const repository = path.resolve(import.meta.dirname, '../../..');
const socketFile = '/run/gantry/gantry.sock';
const pushed = '127.0.0.1:5000/team/busybox:v1';

install();
theUnitsAreSound();
await theEngineBeginsWithTheFirstCall();
containersOutliveTheEngine();
theEngineComesBackWhenItDies();
theRegistryServesWithoutRootsCapabilities();
theRegistryKeepsWhatWasPushed();
itAllEnds();
console.log('units: all is well');

/** As a package does. The disk of this machine is in memory, and over another file system that layers cannot lie on. */
function install(): void {
  for (const name of ['gantry', 'gantryd', 'gantry-registry']) {
    const program = `${repository}/node_modules/.bin/node ${repository}/dist/${name}.js`;
    writeFileSync(`/usr/bin/${name}`, `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o755 });
  }
  for (const directory of ['/var/lib/gantry', '/var/lib/gantry-registry']) {
    mkdirSync(directory, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
  }
  for (const file of units()) copyFileSync(file, path.join('/etc/systemd/system', path.basename(file)));
  execFileSync('systemctl', ['daemon-reload']);
}

function units(): string[] {
  return globSync(path.join(repository, 'packaging/systemd/*'));
}

function theUnitsAreSound(): void {
  const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units()], {
    encoding: 'utf8',
  });
  const about = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('gantry'));
  assert.deepEqual([status, about], [0, []]);
}

async function theEngineBeginsWithTheFirstCall(): Promise<void> {
  systemctl('start', 'gantry.socket');
  assert.equal(state('gantry.service'), 'inactive');
  const { mode, uid, gid } = statSync(socketFile);
  assert.deepEqual([mode & 0o777, uid, gid], [0o660, 0, 0]);
  ok(['load'], await busyboxArchive());
  assert.equal(state('gantry.service'), 'active');
  assert.equal(property('gantry.service', 'NotifyAccess'), 'main');
}

function containersOutliveTheEngine(): void {
  const before = property('gantry.service', 'MainPID');
  ok(['run', '-d', '--name', 'kept', '--network', 'none', busyboxImage, 'sleep', '100000']);
  systemctl('reload', 'gantry.service');
  assert.equal(property('gantry.service', 'MainPID'), before);
  systemctl('restart', 'gantry.service');
  assert.notEqual(property('gantry.service', 'MainPID'), before);
  assert.equal(keptIsRunning(), true);
  // The socket is the manager's: who calls while no engine is there begins one.
  const process = ok(['inspect', '-f', '{{.State.Pid}}', 'kept']).trim();
  systemctl('stop', 'gantry.service');
  statSync(`/proc/${process}`);
  assert.equal(keptIsRunning(), true);
  assert.equal(ok(['inspect', '-f', '{{.State.Pid}}', 'kept']).trim(), process);
}

function theEngineComesBackWhenItDies(): void {
  const before = property('gantry.service', 'MainPID');
  systemctl('kill', '--kill-whom=main', '--signal=KILL', 'gantry.service');
  assert.equal(keptIsRunning(), true);
  assert.notEqual(property('gantry.service', 'MainPID'), before);
  assert.equal(ok(['system', 'fsck']).includes('problem'), false);
}

function theRegistryServesWithoutRootsCapabilities(): void {
  systemctl('start', 'gantry-registry.service');
  assert.equal(state('gantry-registry.service'), 'active');
  const { stdout } = spawnSync(
    'grep',
    ['CapEff', `/proc/${property('gantry-registry.service', 'MainPID')}/status`],
    {
      encoding: 'utf8',
    },
  );
  // CAP_NET_BIND_SERVICE alone.
  assert.equal(Number.parseInt(stdout.split(':')[1]?.trim() ?? '', 16), 1 << 10);
  ok(['tag', busyboxImage, pushed]);
  ok(['push', pushed]);
}

function theRegistryKeepsWhatWasPushed(): void {
  const before = property('gantry-registry.service', 'MainPID');
  systemctl('reload', 'gantry-registry.service');
  assert.equal(property('gantry-registry.service', 'MainPID'), before);
  systemctl('kill', '--kill-whom=main', '--signal=KILL', 'gantry-registry.service');
  ok(['rmi', pushed]);
  // Its manager waits a moment before it begins again.
  execFileSync('sh', ['-c', 'until systemctl is-active -q gantry-registry.service; do sleep 0.2; done']);
  assert.notEqual(property('gantry-registry.service', 'MainPID'), before);
  ok(['pull', pushed]);
  assert.equal(ok(['run', '--rm', '--network', 'none', pushed, 'echo', 'pulled']), 'pulled\n');
  systemctl('stop', 'gantry-registry.service');
  assert.equal(property('gantry-registry.service', 'Result'), 'success');
  execFileSync('/usr/bin/gantry-registry', ['fsck', '--content', '--root', '/var/lib/gantry-registry']);
}

function itAllEnds(): void {
  ok(['rm', '-f', 'kept']);
  systemctl('stop', 'gantry.socket', 'gantry.service');
  for (const unit of ['gantry.socket', 'gantry.service']) assert.equal(state(unit), 'inactive');
  assert.equal(property('gantry.service', 'Result'), 'success');
}

function keptIsRunning(): boolean {
  return ok(['inspect', '-f', '{{.State.Running}}', 'kept']) === 'true\n';
}

/** What `gantry` prints. */
function ok(words: readonly string[], input?: Uint8Array): string {
  const said: SpawnSyncReturns<string> = spawnSync(
    '/usr/bin/gantry',
    ['-H', `unix://${socketFile}`, ...words],
    {
      encoding: 'utf8',
      ...(input === undefined ? {} : { input }),
    },
  );
  assert.equal(said.status, 0, `gantry ${words.join(' ')}: ${said.stderr}`);
  return said.stdout;
}

function systemctl(...words: string[]): void {
  execFileSync('systemctl', words);
}

function state(unit: string): string {
  return property(unit, 'ActiveState');
}

function property(unit: string, name: string): string {
  const said = execFileSync('systemctl', ['show', unit, '--property', name, '--value'], { encoding: 'utf8' });
  return said.trim();
}
