import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** A package archive on loopback that looks like Ubuntu's. */
export interface UbuntuArchive extends AsyncDisposable {
  /** An `/etc/apt` that is configured with it, as Ubuntu's own is. */
  readonly aptDirectory: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
}

const suite = 'noble';

/**
 * Serves the suites `noble`, `noble-updates` and `noble-security`, signed by a key of their own that lies in `directory`. Their packages
 * are those of the host's own distribution and are sent for to its mirror; there are none with `empty`. Needs gpg and the host's network.
 */
export async function startUbuntuArchive(
  directory: string,
  { empty = false }: { empty?: boolean } = {},
): Promise<UbuntuArchive> {
  const architecture = execFileSync('dpkg', ['--print-architecture']).toString().trim();
  const mirror = hostMirror();
  const list = `main/binary-${architecture}/Packages`;
  const packages = empty
    ? Buffer.alloc(0)
    : await packageList(`${mirror.uri}/dists/${mirror.suite}/${list}.xz`);
  const sign = signerIn(directory);
  const files = new Map<string, Buffer>();
  for (const name of [suite, `${suite}-updates`, `${suite}-security`]) {
    const content = name === suite ? packages : Buffer.alloc(0);
    files.set(`/ubuntu/dists/${name}/${list}`, content);
    files.set(`/ubuntu/dists/${name}/InRelease`, sign(releaseText(name, { architecture, list, content })));
  }
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const file = files.get(url);
    if (file !== undefined) response.end(file);
    else if (url.startsWith('/ubuntu/pool/'))
      response.writeHead(302, { Location: mirror.uri + url.slice('/ubuntu'.length) }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    aptDirectory: configuredWith(`http://127.0.0.1:${port}/ubuntu`, directory),
    asked,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function hostMirror(): { uri: string; suite: string } {
  const format = ['--format', '$(SUITE) $(CODENAME) $(REPO_URI)', 'Created-By: Packages', 'Component: main'];
  const own = execFileSync('sh', ['-c', '. /etc/os-release; echo "$VERSION_CODENAME"']).toString().trim();
  const lines = execFileSync('apt-get', ['indextargets', ...format])
    .toString()
    .split('\n');
  const uri = lines.map((line) => line.split(' ')).find((words) => words[1] === own || words[0] === own)?.[2];
  if (uri === undefined) throw new Error(`apt has no mirror of ${own}:\n${lines.join('\n')}`);
  return { uri: uri.replace(/\/$/, ''), suite: own };
}

async function packageList(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const input = Buffer.from(await response.arrayBuffer());
  return execFileSync('xz', ['-dc'], { input, maxBuffer: 2 ** 28 });
}

function releaseText(
  name: string,
  { architecture, list, content }: { architecture: string; list: string; content: Buffer },
): string {
  const digest = createHash('sha256').update(content).digest('hex');
  return `Origin: Ubuntu
Label: Ubuntu
Suite: ${name}
Version: 24.04
Codename: ${suite}
Date: ${new Date().toUTCString()}
Architectures: ${architecture}
Components: main
Acquire-By-Hash: no
SHA256:
 ${digest} ${content.length} ${list}
`;
}

/** Makes a key, and the key ring beside it; signs with it. */
function signerIn(directory: string): (text: string) => Buffer {
  const home = path.join(directory, 'gnupg');
  mkdirSync(home, { mode: 0o700 });
  const gpg = (words: readonly string[], input = ''): Buffer =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--passphrase', '', ...words], {
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  gpg(['--pinentry-mode', 'loopback', '--quick-gen-key', 'archive', 'ed25519', 'sign', 'never']);
  // apt reads it as a user of its own.
  chmodSync(directory, 0o755);
  writeFileSync(keyring(directory), gpg(['--export']));
  return (text) => gpg(['--pinentry-mode', 'loopback', '--clearsign'], text);
}

function keyring(directory: string): string {
  return path.join(directory, 'ubuntu-archive-keyring.gpg');
}

function configuredWith(uri: string, directory: string): string {
  const aptDirectory = path.join(directory, 'apt');
  mkdirSync(path.join(aptDirectory, 'sources.list.d'), { recursive: true });
  writeFileSync(
    path.join(aptDirectory, 'sources.list.d/ubuntu.sources'),
    `Types: deb
URIs: ${uri}
Suites: ${suite} ${suite}-updates ${suite}-security
Components: main
Signed-By: ${keyring(directory)}
`,
  );
  return aptDirectory;
}
