import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeTarHeader, readTar, type TarEntryInput, tarEnd, tarPadding } from '@gantry/oci';
import { collect } from '../../archives/bounded.ts';
import type { PrivateApt } from '../apt/private-apt.ts';
import { MirrorFailedError } from '../errors.ts';
import { programOutput, runProgram } from '../run-program.ts';

/** The statically linked busybox of the distribution. */
export interface BusyboxBinary {
  content: Uint8Array;
  /** The distribution's version of the package. */
  version: string;
  /** When the package was built. */
  built: Date;
  /** Names under which it can be called. */
  applets: readonly string[];
}

const packageName = 'busybox-static';
const maxBinaryBytes = 64 * 2 ** 20;
const nobody = 65534;

/** The host's own, if its package is installed and its file is as the package brought it; undefined otherwise. */
export async function installedBusybox(
  image: string,
  signal?: AbortSignal,
): Promise<BusyboxBinary | undefined> {
  const options = { packageName: 'dpkg', purpose: image, variables: { LC_ALL: 'C' }, ...withSignal(signal) };
  const query = await runProgram(
    ['dpkg-query', '-W', '-f', '${db:Status-Abbrev} ${Version}', packageName],
    options,
  );
  const version = /^ii\s+(\S+)/.exec(query.stdout)?.[1];
  if (query.exitCode !== 0 || version === undefined) return undefined;
  const verified = await runProgram(['dpkg', '--verify', packageName], options);
  if (verified.exitCode !== 0 || /\s\/(?:usr\/)?bin\/busybox$/m.test(verified.stdout)) return undefined;
  const file = '/bin/busybox';
  const [content, { mtime }] = await Promise.all([readFile(file), stat(file)]);
  return { content, version, built: mtime, applets: await appletsOf(file, image, signal) };
}

/** From the mirror: downloaded and verified by apt, whose package lists must have been fetched. Throws `MirrorFailedError`. */
export async function downloadedBusybox(
  apt: PrivateApt,
  options: { image: string; directory: string; signal?: AbortSignal },
): Promise<BusyboxBinary> {
  const archive = await apt.download(packageName);
  const { image, signal } = options;
  const tar = programOutput(
    ['dpkg-deb', '--fsys-tarfile', archive],
    { packageName: 'dpkg', purpose: image, ...withSignal(signal) },
    ({ stderr }) => new MirrorFailedError(image, stderr.trim()),
  );
  for await (const { entry, content } of readTar(tar)) {
    if (!/^(?:\.\/)?(?:usr\/)?bin\/busybox$/.test(Buffer.from(entry.name).toString())) continue;
    const bytes = await collect(content, maxBinaryBytes, packageName);
    const file = path.join(options.directory, 'busybox');
    await writeFile(file, bytes, { mode: 0o755 });
    const version = decodeURIComponent(path.basename(archive).split('_')[1] ?? '');
    return {
      content: bytes,
      version,
      built: new Date(Number(entry.mtimeNs / 1_000_000n)),
      applets: await appletsOf(file, image, signal),
    };
  }
  throw new MirrorFailedError(image, `package ${packageName} holds no busybox`);
}

/** Asked of the program itself, as nobody. */
async function appletsOf(file: string, image: string, signal?: AbortSignal): Promise<string[]> {
  const user = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'];
  const { stdout, exitCode } = await runProgram([...user, file, '--list'], {
    packageName: 'util-linux',
    purpose: image,
    ...withSignal(signal),
  });
  const names = stdout.split('\n').filter((name) => /^[A-Za-z0-9[_.-]+$/.test(name) && name !== 'busybox');
  if (exitCode !== 0 || names.length === 0) throw new MirrorFailedError(image, `${file} lists no applets`);
  return names.sort();
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

const etc: Readonly<Record<string, string>> = {
  group:
    'root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\nmail:x:8:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n',
  passwd:
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\nsys:x:3:3:sys:/dev:/bin/false\nmail:x:8:8:mail:/var/mail:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  shadow:
    'root:*::0:::::\ndaemon:*::0:::::\nbin:*::0:::::\nsys:*::0:::::\nmail:*::0:::::\nwww-data:*::0:::::\nnobody:*::0:::::\n',
};

const directories: readonly [name: string, mode: number][] = [
  ['bin', 0o755],
  ['dev', 0o755],
  ['etc', 0o755],
  ['home', 0o755],
  ['proc', 0o755],
  ['root', 0o700],
  ['sys', 0o755],
  ['tmp', 0o1777],
  ['usr', 0o755],
  ['usr/bin', 0o755],
  ['usr/sbin', 0o755],
  ['var', 0o755],
  ['var/tmp', 0o1777],
];

/** The tar of a root file system that holds busybox and its applets as links. The same binary gives the same bytes. */
export function* busyboxRootfs({ content, applets, built }: BusyboxBinary): Generator<Uint8Array> {
  const mtimeNs = BigInt(built.getTime()) * 1_000_000n;
  const entry = (input: Omit<TarEntryInput, 'name' | 'mtimeNs'> & { name: string }): Uint8Array =>
    encodeTarHeader({ ...input, name: Buffer.from(input.name), mtimeNs });
  for (const [name, mode] of directories) {
    yield entry({ type: 'directory', name: `${name}/`, mode });
    if (name === 'bin') {
      yield entry({ type: 'file', name: 'bin/busybox', mode: 0o755, sizeBytes: content.length });
      yield content;
      yield tarPadding(content.length);
      for (const applet of applets) {
        yield entry({
          type: 'symlink',
          name: `bin/${applet}`,
          linkName: Buffer.from('busybox'),
          mode: 0o777,
        });
      }
    }
    if (name === 'usr/bin') {
      yield entry({
        type: 'symlink',
        name: 'usr/bin/env',
        linkName: Buffer.from('../../bin/env'),
        mode: 0o777,
      });
    }
    if (name !== 'etc') continue;
    for (const [file, text] of Object.entries(etc)) {
      const bytes = Buffer.from(text);
      yield entry({
        type: 'file',
        name: `etc/${file}`,
        mode: file === 'shadow' ? 0o640 : 0o644,
        sizeBytes: bytes.length,
      });
      yield bytes;
      yield tarPadding(bytes.length);
    }
  }
  yield tarEnd;
}
