/**
 * Boots Debian's kernel in a virtual machine with cgroup v2 alone and runs `tests/vm/cgroup-v2-smoke.ts` in it, on this
 * machine's own files: they are shared read-only (9p) with a layer in memory on top. Needs root, x86_64 and the packages qemu-system-x86
 * and busybox-static; the kernel is fetched from the distribution's mirror, not installed. Without KVM's help (set
 * GANTRY_VM_ACCEL=kvm where nested virtualization works) it takes some three minutes. Usage: npm run test:cgroup-v2
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const goodWord = 'cgroup v2: all is well';
const longestMs = 900_000;
/** In the order in which they need each other. */
const modules =
  'virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci 9pnet 9pnet_virtio netfs fscache 9p overlay'.split(
    ' ',
  );

const work = mkdtempSync(path.join(tmpdir(), 'gantry-vm-'));
try {
  const kernel = fetchKernel();
  const printed = await boot(kernel, makeInitialRoot(kernel));
  process.exitCode = printed.includes(goodWord) ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Where the kernel package was unpacked. */
function fetchKernel(): string {
  const depends = execFileSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  const name = /Depends: (\S+)/.exec(depends)?.[1] ?? 'linux-image-amd64';
  execFileSync('apt-get', ['download', name], { cwd: work, stdio: 'ignore' });
  const [file = ''] = globSync('*.deb', { cwd: work });
  const target = path.join(work, 'kernel');
  execFileSync('dpkg-deb', ['-x', path.join(work, file), target]);
  return target;
}

/** busybox, the modules that the shared files need, and what is done at boot. */
function makeInitialRoot(kernel: string): string {
  const root = path.join(work, 'root');
  mkdirSync(path.join(root, 'bin'), { recursive: true });
  mkdirSync(path.join(root, 'modules'));
  copyFileSync('/bin/busybox', path.join(root, 'bin/busybox'));
  for (const name of modules) {
    const [found = ''] = globSync(`lib/modules/*/kernel/**/${name}.ko`, { cwd: kernel });
    copyFileSync(path.join(kernel, found), path.join(root, 'modules', `${name}.ko`));
  }
  writeFileSync(path.join(root, 'init'), initScript());
  chmodSync(path.join(root, 'init'), 0o755);
  const archive = path.join(work, 'initrd');
  execFileSync('sh', ['-c', 'find . | busybox cpio -o -H newc >"$0" 2>/dev/null', archive], { cwd: root });
  return archive;
}

function initScript(): string {
  const smoke = 'node_modules/.bin/node tests/vm/cgroup-v2-smoke.ts';
  return `#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /host /memory /new
$b mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do $b insmod /modules/$module.ko; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host
$b mount -t tmpfs -o size=90% memory /memory
$b mkdir -p /memory/upper /memory/work
$b mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /new
$b mount -t proc proc /new/proc
$b mount -t sysfs sysfs /new/sys
$b mount -t devtmpfs dev /new/dev
$b mkdir -p /new/dev/pts /new/dev/shm
$b mount -t devpts devpts /new/dev/pts
$b mount -t tmpfs run /new/run
$b mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec $b switch_root /new /bin/sh -c 'cd ${repository} && ${smoke}; echo o >/proc/sysrq-trigger; sleep 60'
`;
}

async function boot(kernel: string, initialRoot: string): Promise<string> {
  const [image = ''] = globSync('boot/vmlinuz-*', { cwd: kernel });
  const machine = '-cpu max -smp 2 -m 3072 -nodefaults -nographic -no-reboot -serial stdio'.split(' ');
  const accelerator = process.env['GANTRY_VM_ACCEL'] ?? 'tcg,thread=multi';
  const shared = 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap';
  const start = ['-kernel', path.join(kernel, image), '-initrd', initialRoot];
  const child = spawn(
    'qemu-system-x86_64',
    [
      '-accel',
      accelerator,
      ...machine,
      ...start,
      '-append',
      'console=ttyS0 quiet panic=-1',
      '-virtfs',
      shared,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: longestMs },
  );
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    process.stdout.write(chunk as Buffer);
  }
  return printed;
}
