import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const busybox = '/bin/busybox';

/**
 * Fills `directory` (made when missing) with a root file system of the host's statically linked busybox: every applet
 * as a link in /bin, users root (0), daemon (1) and nobody (65534), the usual empty directories, /tmp with mode 1777.
 * Needs the busybox-static package.
 */
export async function makeRootfs(directory: string): Promise<void> {
  for (const folder of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var']) {
    await mkdir(path.join(directory, folder), { recursive: true });
  }
  await chmod(path.join(directory, 'tmp'), 0o1777);
  await chmod(path.join(directory, 'root'), 0o700);
  await copyFile(busybox, path.join(directory, 'bin/busybox'));
  await chmod(path.join(directory, 'bin/busybox'), 0o755);
  const { stdout } = await promisify(execFile)(busybox, ['--list']);
  for (const applet of stdout.split('\n')) {
    if (applet === '' || applet === 'busybox') continue;
    await symlink('busybox', path.join(directory, 'bin', applet));
  }
  await writeFile(
    path.join(directory, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  );
  await writeFile(path.join(directory, 'etc/group'), 'root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n');
}
