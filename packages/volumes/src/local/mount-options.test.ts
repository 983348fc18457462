import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelError, type MountOptions, mountFlags } from '@gantry/kernel';
import { parseMountString } from './mount-string.ts';
import { mountVolume } from './mount-volume.ts';
import { resolveServer } from './network-device.ts';

const { bind, readOnly, recursive, noSuid, noExec, noDevices, noAccessTimes, remount, slave, shared } =
  mountFlags;

test('words of mount(8) become flags, and the rest is the file system’s', () => {
  assert.deepEqual(parseMountString('defaults,nosuid,size=1m,noexec,uid=5,exec'), {
    flags: noSuid,
    propagation: [],
    data: 'size=1m,uid=5',
  });
  assert.equal(
    parseMountString('ro,nodev,noexec,noatime').flags,
    readOnly | noDevices | noExec | noAccessTimes,
  );
  assert.equal(parseMountString('ro,rw').flags, 0);
  assert.equal(parseMountString('').data, '');
  assert.deepEqual(parseMountString('rbind,rslave,shared'), {
    flags: bind | recursive,
    propagation: [slave | recursive, shared],
    data: '',
  });
});

test('a server’s name is resolved where the kernel takes addresses only', async () => {
  const lookup = (host: string): Promise<string> =>
    host === 'files' ? Promise.resolve('10.1.2.3') : Promise.reject(new Error('no such host'));
  const resolved = async (type: string, device: string, mountOptions: string): Promise<string> => {
    const found = await resolveServer({ type, device, mountOptions }, lookup);
    return `${found.device} ${found.mountOptions}`;
  };
  assert.equal(await resolved('nfs', ':/srv', 'addr=files,rw'), ':/srv addr=10.1.2.3,rw');
  assert.equal(await resolved('nfs', ':/srv', 'addr=10.9.9.9,rw'), ':/srv addr=10.9.9.9,rw');
  assert.equal(await resolved('nfs4', ':/srv', 'rw,addr=files'), ':/srv rw,addr=10.1.2.3');
  assert.equal(await resolved('nfs', ':/srv', 'clientaddr=files'), ':/srv clientaddr=files');
  assert.equal(await resolved('cifs', '//files/share', 'user=a'), '//10.1.2.3/share user=a');
  assert.equal(await resolved('cifs', '//10.0.0.1/share', 'user=a'), '//10.0.0.1/share user=a');
  assert.equal(await resolved('cifs', '//else/share', 'addr=files'), '//else/share addr=10.1.2.3');
  assert.equal(await resolved('ext4', '/dev/files', 'addr=files'), '/dev/files addr=files');
  await assert.rejects(resolved('nfs', ':/srv', 'addr=nobody'), {
    message: 'error resolving passed in network volume address: lookup nobody: no such host',
  });
});

test('a mount is made in steps, and a read-only bind is one only after the second', async () => {
  const made: MountOptions[] = [];
  const ports = {
    mount: async (step: MountOptions) => void made.push(step),
    lookup: () => Promise.resolve(''),
  };
  await mountVolume(
    { type: 'none', device: '/srv', mountOptions: 'bind,ro,nosuid,rslave' },
    '/nowhere/x',
    ports,
  );
  assert.deepEqual(made, [
    { source: '/srv', target: '/nowhere/x', type: 'none', flags: bind | readOnly | noSuid, data: '' },
    { source: '', target: '/nowhere/x', type: '', flags: slave | recursive },
    { source: '', target: '/nowhere/x', type: '', flags: bind | readOnly | noSuid | remount },
  ]);
});

test('a mount that fails says what was tried, in Docker’s words and without the password', async () => {
  const failing = {
    mount: ({ target }: MountOptions) => Promise.reject(new KernelError('mount', 19, target)),
    lookup: () => Promise.resolve('10.1.2.3'),
  };
  const options = { type: 'cifs', device: '//files/s', mountOptions: 'ro,username=a,password=geheim,vers=3' };
  await assert.rejects(mountVolume(options, '/nowhere/x', failing), {
    message:
      'failed to mount local volume: mount //10.1.2.3/s:/nowhere/x, flags: 0x1, ' +
      'data: username=a,password=********,vers=3: no such device',
  });
  await assert.rejects(mountVolume({ type: 'tmpfs', mountOptions: '' }, '/nowhere/x', failing), {
    message: 'missing device in volume options',
  });
});
