/**
 * Boots Debian's kernel in virtual machines with cgroup v2 alone and runs the walks of `tests/vm/walks` in them, on this machine's own
 * files: they are shared read-only (9p) with a layer in memory on top. Needs root, x86_64 and the packages qemu-system-x86,
 * busybox-static, kmod, xfsprogs, systemd and dbus; the kernel and a file server are fetched from the distribution's mirror, not installed. Without KVM's help
 * (set GANTRY_VM_ACCEL=kvm where nested virtualization works) each takes some minutes. Usage: npm run test:vm [-- walk …]
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const longestMs = 900_000;
const unitName = 'gantry-walk.service';

interface Machine {
  /** File of `walks`, without its ending; it prints `<name>: all is well`. */
  walk: string;
  /** Packages of the distribution that are unpacked in the machine alone. */
  packages?: readonly string[];
  /** The first process is the service manager, and the walk a unit of its. */
  systemd?: true;
}

const machines: readonly Machine[] = [
  { walk: 'cgroup-v2' },
  { walk: 'systemd', systemd: true },
  { walk: 'units', systemd: true },
  { walk: 'quotas' },
  { walk: 'wires', packages: ['nfs-kernel-server', 'nfs-common', 'rpcbind', 'libwrap0'] },
];

/** In the order in which they need each other, to reach the files where the kernel finds the others by itself. */
const firstModules =
  'virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci 9pnet 9pnet_virtio netfs fscache 9p overlay'.split(
    ' ',
  );

const wanted = process.argv.slice(2);
const work = mkdtempSync(path.join(tmpdir(), 'gantry-vm-'));
try {
  execFileSync(process.execPath, [path.join(repository, 'scripts/build.ts')], { stdio: 'inherit' });
  const kernel = fetchKernel();
  for (const machine of machines.filter(({ walk }) => wanted.length === 0 || wanted.includes(walk))) {
    const printed = await boot(kernel, machine);
    if (!printed.includes(`${machine.walk}: all is well`)) process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Where the kernel package was unpacked. */
function fetchKernel(): string {
  const depends = execFileSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' });
  const name = /Depends: (\S+)/.exec(depends)?.[1] ?? 'linux-image-amd64';
  const target = path.join(work, 'kernel');
  unpack(name, target);
  const [version = ''] = readdirSync(path.join(target, 'lib/modules'));
  execFileSync('depmod', ['-b', target, version]);
  return target;
}

/** Fetches a package of the distribution's mirror, and installs nothing. */
function unpack(name: string, target: string): void {
  const place = path.join(work, 'packages', name);
  mkdirSync(place, { recursive: true });
  execFileSync('apt-get', ['download', name], { cwd: place, stdio: 'ignore' });
  const [file = ''] = globSync('*.deb', { cwd: place });
  execFileSync('dpkg-deb', ['-x', path.join(place, file), target]);
}

/** busybox, the modules, and what is done at boot. */
function makeInitialRoot(kernel: string, machine: Machine): string {
  const root = path.join(work, machine.walk);
  mkdirSync(path.join(root, 'bin'), { recursive: true });
  mkdirSync(path.join(root, 'modules'));
  copyFileSync('/bin/busybox', path.join(root, 'bin/busybox'));
  for (const name of firstModules) {
    const [found = ''] = globSync(`lib/modules/*/kernel/**/${name}.ko`, { cwd: kernel });
    copyFileSync(path.join(kernel, found), path.join(root, 'modules', `${name}.ko`));
  }
  writeFileSync(path.join(root, 'init'), initScript(kernel, machine));
  chmodSync(path.join(root, 'init'), 0o755);
  if (machine.systemd) writeFileSync(path.join(root, unitName), unitOf(machine));
  for (const name of machine.packages ?? []) unpack(name, path.join(root, 'packages'));
  const archive = path.join(work, `${machine.walk}.initrd`);
  execFileSync('sh', ['-c', 'find . | busybox cpio -o -H newc >"$0" 2>/dev/null', archive], { cwd: root });
  return archive;
}

function commandOf({ walk }: Machine): string {
  return `cd ${repository} && node_modules/.bin/node tests/vm/walks/${walk}.ts`;
}

function unitOf(machine: Machine): string {
  return `[Unit]
Requires=dbus.service
After=dbus.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/bin/sh -c '${commandOf(machine)}'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
`;
}

function initScript(kernel: string, machine: Machine): string {
  const first = machine.systemd
    ? `exec $b switch_root /new /lib/systemd/systemd --unit=${unitName} --show-status=0`
    : `exec $b switch_root /new /bin/sh -c '${commandOf(machine)}; echo o >/proc/sysrq-trigger; sleep 60'`;
  return `#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /host /memory /new
$b mount -t devtmpfs dev /dev
for module in ${firstModules.join(' ')}; do $b insmod /modules/$module.ko; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host
$b mount -t tmpfs -o size=90% memory /memory
$b mkdir -p /memory/upper /memory/work
$b mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /new
$b mkdir -p /new/lib/modules
$b mount -o bind /new${path.join(kernel, 'lib/modules')} /new/lib/modules
$b mount -t proc proc /new/proc
$b mount -t sysfs sysfs /new/sys
$b mount -t devtmpfs dev /new/dev
$b mkdir -p /new/dev/pts /new/dev/shm
$b mount -t devpts devpts /new/dev/pts
$b mount -t tmpfs run /new/run
$b mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
for place in lib sbin usr; do [ ! -e /packages/$place ] || $b cp -a /packages/$place/. /new/usr/\${place#usr}; done
[ ! -e /${unitName} ] || $b cp /${unitName} /new/etc/systemd/system/
# By which systemd takes a machine for a container.
$b rm -f /new/.dockerenv
# It would look at all of this machine's temporary files.
$b ln -sf /dev/null /new/etc/systemd/system/systemd-tmpfiles-setup.service
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
${first}
`;
}

async function boot(kernel: string, machine: Machine): Promise<string> {
  const [image = ''] = globSync('boot/vmlinuz-*', { cwd: kernel });
  const hardware = '-cpu max -smp 2 -m 3072 -nodefaults -nographic -no-reboot -serial stdio'.split(' ');
  const accelerator = process.env['GANTRY_VM_ACCEL'] ?? 'tcg,thread=multi';
  const shared = 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap';
  const child = spawn(
    'qemu-system-x86_64',
    [
      '-accel',
      accelerator,
      ...hardware,
      '-kernel',
      path.join(kernel, image),
      '-initrd',
      makeInitialRoot(kernel, machine),
      '-append',
      `console=ttyS0 quiet panic=-1 no_timer_check fstab=no`,
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
