import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { silentLogger } from '@gantry/base';
import {
  content,
  type Draft,
  filesync,
  fsutil,
  GrpcClient,
  type MessageStream,
  type ServiceTable,
  secrets,
  serveGrpc,
  sshforward,
  upload,
} from '@gantry/buildkit';
import { ContentStore, contentService } from './content-service.ts';
import { credentialsService } from './credentials-service.ts';
import { fileSend, fileSync } from './file-services.ts';
import { LocalDirectory } from './local-directory.ts';
import { MemoryTree } from './memory-tree.ts';
import { findEntry, openLayout, putEntry } from './oci-layout.ts';
import { secretService } from './secret-service.ts';
import { goMode, isRegular } from './sent-tree.ts';
import { sshService } from './ssh-service.ts';
import { uploadService } from './upload-service.ts';

const { PacketType } = fsutil;
const base = mkdtempSync('/tmp/gantry-session-');
let counter = 0;
after(() => rmSync(base, { recursive: true, force: true }));

function directory(files: Readonly<Record<string, string>> = {}): string {
  const root = path.join(base, `tree-${counter++}`);
  mkdirSync(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

/** The engine's end of a session that offers `services`. */
async function session(...services: ServiceTable[]): Promise<GrpcClient & AsyncDisposable> {
  const place = path.join(base, `socket-${counter++}`);
  const server: Server = createServer((socket) => void serveGrpc(socket, { services, logger: silentLogger }));
  await new Promise<void>((resolve) => server.listen(place, resolve));
  const socket: Socket = connect(place);
  const client = new GrpcClient(socket);
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      client.close();
      await client.closed;
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

type Packets = MessageStream<fsutil.Packet, fsutil.Packet>;

interface Received {
  readonly entries: fsutil.Stat[];
  readonly contents: Map<string, string>;
}

/** Asks for a directory as an engine does, and for the contents that `wants` names. */
async function receive(
  client: GrpcClient,
  headers: Record<string, string | string[]>,
  wants: (entry: fsutil.Stat) => boolean = () => true,
): Promise<Received> {
  const messages: Packets = client.stream(filesync.FileSync.diffCopy, { headers });
  const entries: fsutil.Stat[] = [];
  const contents = new Map<string, string>();
  const open = new Set<number>();
  let isAllTold = false;
  for await (const { type, stat, id, data } of messages) {
    if (type === PacketType.error) throw new Error(Buffer.from(data).toString());
    if (type === PacketType.fin) break;
    if (type === PacketType.stat && stat !== undefined) {
      entries.push(stat);
      const isFile = isRegular(stat.mode) && stat.linkname === '';
      if (isFile && wants(stat)) {
        open.add(entries.length - 1);
        contents.set(stat.path, '');
        await messages.send({ type: PacketType.request, id: entries.length - 1 });
      }
    } else if (type === PacketType.stat) isAllTold = true;
    else if (data.length === 0) open.delete(id);
    else {
      const name = entries[id]?.path ?? '';
      contents.set(name, `${contents.get(name)}${Buffer.from(data).toString()}`);
    }
    if (isAllTold && open.size === 0) await messages.send({ type: PacketType.fin });
  }
  messages.end();
  return { entries, contents };
}

const paths = ({ entries }: Received): string[] => entries.map(({ path: name }) => name);

describe('a directory that the engine asks for', () => {
  test('is told in the order of paths, with links, names and times, and without sockets', async () => {
    const root = directory({ 'b.txt': 'bee', 'a/z': 'zed', 'a-b': 'dash' });
    symlinkSync('/etc/passwd', path.join(root, 'link'));
    linkSync(path.join(root, 'b.txt'), path.join(root, 'c.txt'));
    chmodSync(path.join(root, 'a-b'), 0o4755);
    utimesSync(path.join(root, 'b.txt'), 1_000_000_000.5, 1_000_000_000.5);
    const server = createServer().listen(path.join(root, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    await using client = await session(fileSync(new Map([['context', new LocalDirectory(root)]])));
    const received = await receive(client, { 'dir-name': 'context' });
    server.close();
    assert.deepEqual(paths(received), ['a', 'a/z', 'a-b', 'b.txt', 'c.txt', 'link']);
    assert.deepEqual(Object.fromEntries(received.contents), { 'a/z': 'zed', 'a-b': 'dash', 'b.txt': 'bee' });
    const byPath = new Map(received.entries.map((entry) => [entry.path, entry]));
    assert.equal(byPath.get('a')?.mode, goMode.directory + 0o755);
    assert.equal(byPath.get('a-b')?.mode, goMode.setuid + 0o755);
    assert.equal(byPath.get('b.txt')?.modTime, 1_000_000_000_500_000_000n);
    assert.deepEqual([byPath.get('c.txt')?.linkname, byPath.get('c.txt')?.size], ['b.txt', 0]);
    assert.equal(byPath.get('link')?.linkname, '/etc/passwd');
    assert.ok(received.entries.every(({ uid, gid }) => uid === 0 && gid === 0));
  });

  test('sends only the contents that are asked for', async () => {
    const root = directory({ big: 'x'.repeat(1_000_000), small: 'y' });
    await using client = await session(fileSync(new Map([['context', new LocalDirectory(root)]])));
    const { contents } = await receive(client, { 'dir-name': 'context' }, ({ path: name }) => name === 'big');
    assert.deepEqual([...contents.keys()], ['big']);
    assert.equal(contents.get('big')?.length, 1_000_000);
  });

  test('leaves out what patterns exclude, and takes only what they include', async () => {
    const files = {
      'src/a.go': 'a',
      'src/deep/b.go': 'b',
      'src/c.txt': 'c',
      'node_modules/x/y': 'y',
      'keep/é, f': 'f',
    };
    const trees = new Map([['context', new LocalDirectory(directory(files))]]);
    await using client = await session(fileSync(trees));
    const headers = { 'dir-name': 'context', 'exclude-patterns': ['node_modules', '**/*.txt', '!src/c.txt'] };
    const kept = ['keep', 'keep/é, f', 'src', 'src/a.go', 'src/c.txt', 'src/deep', 'src/deep/b.go'];
    assert.deepEqual(paths(await receive(client, headers)), kept);
    const only = { 'dir-name': 'context', 'include-patterns': ['src/**/*.go'] };
    assert.deepEqual(paths(await receive(client, only)), ['src', 'src/a.go', 'src/deep', 'src/deep/b.go']);
    const encoded = {
      'dir-name': 'context',
      'include-patterns': ['keep%2F%C3%A9%2C+f'],
      'include-patterns-encoded': '1',
    };
    assert.deepEqual(paths(await receive(client, encoded)), ['keep', 'keep/é, f']);
  });

  test('follows links to what is meant, but never out of itself', async () => {
    const root = directory({ 'real/file': 'r', other: 'o', 'more/one.txt': '1' });
    symlinkSync('real', path.join(root, 'alias'));
    symlinkSync('../../../../other', path.join(root, 'real/up'));
    symlinkSync('/more', path.join(root, 'absolute'));
    symlinkSync('loop', path.join(root, 'loop'));
    await using client = await session(fileSync(new Map([['context', new LocalDirectory(root)]])));
    const follow = async (...wanted: string[]): Promise<string[]> =>
      paths(await receive(client, { 'dir-name': 'context', followpaths: wanted }));
    assert.deepEqual(await follow('alias/file'), ['alias', 'real', 'real/file']);
    assert.deepEqual(await follow('real/up'), ['other', 'real', 'real/up']);
    assert.deepEqual(await follow('absolute/*.txt'), ['absolute', 'more', 'more/one.txt']);
    assert.deepEqual(await follow('loop'), ['loop']);
    assert.deepEqual(await follow('ali*'), ['alias', 'real', 'real/file', 'real/up']);
    assert.equal((await follow('.')).length, 9);
  });

  test('may be in memory', async () => {
    const tree = new MemoryTree(new Map([['Dockerfile', Buffer.from('FROM scratch\n')]]));
    await using client = await session(fileSync(new Map([['dockerfile', tree]])));
    const headers = { 'dir-name': 'dockerfile', followpaths: ['Dockerfile', 'Dockerfile.dockerignore'] };
    const { contents } = await receive(client, headers);
    assert.deepEqual(Object.fromEntries(contents), { Dockerfile: 'FROM scratch\n' });
  });

  test('is refused when it was not named, and fails as a whole when a file cannot be read', async () => {
    const root = directory({ gone: 'g' });
    await using client = await session(fileSync(new Map([['context', new LocalDirectory(root)]])));
    await assert.rejects(receive(client, { 'dir-name': 'home' }), /no access allowed to dir "home"/);
    const failing = receive(client, { 'dir-name': 'context' }, () => {
      rmSync(path.join(root, 'gone'));
      return true;
    });
    await assert.rejects(failing, /ENOENT/);
  });
});

describe('a directory that the engine sends', () => {
  interface Sent extends Draft<fsutil.Stat> {
    readonly data?: string;
  }

  /** Sends entries as an engine does, and contents as they are asked for. */
  async function send(target: string, entries: readonly Sent[], removesOthers = false): Promise<void> {
    const receiver = { kind: 'directory', path: target, removesOthers } as const;
    await using client = await session(fileSend(new Map([[0, receiver]])));
    const method = { ...filesync.FileSend.diffCopy, request: fsutil.Packet, response: fsutil.Packet };
    const messages: Packets = client.stream(method, { headers: { 'buildkit-attachable-exporter-id': '0' } });
    const told = (async () => {
      for (const { data: _, ...stat } of entries) await messages.send({ type: PacketType.stat, stat });
      await messages.send({ type: PacketType.stat });
    })().catch(() => {});
    for await (const { type, id } of messages) {
      if (type === PacketType.request) {
        await messages.send({ type: PacketType.data, id, data: Buffer.from(entries[id]?.data ?? '') });
        await messages.send({ type: PacketType.data, id });
      } else if (type === PacketType.fin) {
        await messages.send({ type: PacketType.fin });
        messages.end();
      }
    }
    await told;
  }

  const file = (name: string, data: string, mode = 0o644): Sent => ({
    path: name,
    mode,
    data,
    modTime: 10n ** 18n,
  });
  const folder = (name: string): Sent => ({
    path: name,
    mode: goMode.directory + 0o755,
    modTime: 10n ** 18n,
  });

  test('is written with modes, times and links, and what else is there stays', async () => {
    const target = directory({ 'mine.txt': 'mine', 'd/old': 'old', f: 'before' });
    const link = { path: 'l', mode: goMode.symlink + 0o777, linkname: '/etc' };
    const further = { path: 'g', mode: 0o755, linkname: 'f' };
    await send(target, [
      folder('d'),
      file('d/x', 'x'.repeat(300_000)),
      file('f', 'after', goMode.setuid + 0o755),
      further,
      link,
    ]);
    assert.equal(readFileSync(path.join(target, 'd/x')).length, 300_000);
    assert.equal(readFileSync(path.join(target, 'f'), 'utf8'), 'after');
    assert.equal(statSync(path.join(target, 'f')).mode & 0o7777, 0o4755);
    assert.equal(statSync(path.join(target, 'd')).mtimeMs, 1e12);
    assert.equal(statSync(path.join(target, 'g')).ino, statSync(path.join(target, 'f')).ino);
    assert.equal(readlinkSync(path.join(target, 'l')), '/etc');
    assert.deepEqual(readdirSync(target).toSorted(), ['d', 'f', 'g', 'l', 'mine.txt']);
    assert.ok(existsSync(path.join(target, 'd/old')));
  });

  test('takes the whole place when that is asked for', async () => {
    const target = directory({ 'mine.txt': 'mine', 'd/old': 'old' });
    await send(target, [folder('d'), file('d/x', 'x')], true);
    assert.deepEqual(readdirSync(target), ['d']);
    assert.deepEqual(readdirSync(path.join(target, 'd')), ['x']);
  });

  test('never follows a way out: neither by names, nor by links, whoever made them', async () => {
    const outside = directory({ victim: 'untouched' });
    const target = directory();
    symlinkSync(outside, path.join(target, 'd'));
    symlinkSync(path.join(outside, 'victim'), path.join(target, 'f'));
    await send(target, [folder('d'), file('d/x', 'x'), file('f', 'new')]);
    assert.ok(lstatSync(path.join(target, 'd')).isDirectory());
    assert.ok(lstatSync(path.join(target, 'f')).isFile());
    const bad: Sent[][] = [
      [file('../out', 'x')],
      [file('/abs', 'x')],
      [file('a//b', 'x')],
      [file('nowhere/x', 'x')],
      [{ path: 's', mode: goMode.symlink + 0o777, linkname: outside }, file('s/x', 'x')],
      [folder('s'), { path: 's', mode: goMode.symlink + 0o777, linkname: outside }, file('s/x', 'x')],
      [folder('s'), file('t', 't'), file('s/x', 'x')],
      [file('f', 'a'), file('f', 'b')],
      [{ path: 'h', mode: 0o644, linkname: '../victim' }],
      [{ path: 'h', mode: 0o644, linkname: 'unknown' }],
    ];
    for (const entries of bad) await assert.rejects(send(target, entries), /bad path/);
    assert.deepEqual(readdirSync(outside), ['victim']);
    assert.equal(readFileSync(path.join(outside, 'victim'), 'utf8'), 'untouched');
  });

  test('a file that is exported is there only when it is whole', async () => {
    const target = path.join(directory(), 'deep/out.tar');
    await using client = await session(fileSend(new Map([[1, { kind: 'file', path: target }]])));
    const headers = { 'buildkit-attachable-exporter-id': '1' };
    const broken = client.stream(filesync.FileSend.diffCopy, { headers });
    await broken.send({ data: Buffer.from('half') });
    broken.cancel();
    const messages = client.stream(filesync.FileSend.diffCopy, { headers });
    await messages.send({ data: Buffer.from('one ') });
    await messages.send({ data: Buffer.from('two') });
    messages.end();
    for await (const _ of messages);
    assert.equal(readFileSync(target, 'utf8'), 'one two');
    const unknown = client.stream(filesync.FileSend.diffCopy, {
      headers: { 'buildkit-attachable-exporter-id': '7' },
    });
    unknown.end();
    await assert.rejects(async () => {
      for await (const _ of unknown);
    }, /exporter 7 not found/);
  });
});

describe('what else a session lends', () => {
  test('is only the secrets that were named', async () => {
    await using client = await session(secretService(new Map([['a', () => Buffer.from('hush')]])));
    const { data } = await client.unary(secrets.Secrets.getSecret, { id: 'a' });
    assert.equal(Buffer.from(data).toString(), 'hush');
    await assert.rejects(client.unary(secrets.Secrets.getSecret, { id: 'b' }), { statusCode: 5 });
  });

  test('is the ssh agents that were named, byte by byte', async () => {
    const place = path.join(base, 'agent');
    const agent = createServer((socket) => socket.on('data', (data) => socket.end(`got ${data.toString()}`)));
    await new Promise<void>((resolve) => agent.listen(place, resolve));
    await using client = await session(sshService(new Map([['default', () => connect(place)]])));
    await client.unary(sshforward.SSH.checkAgent, { id: 'default' });
    await assert.rejects(client.unary(sshforward.SSH.checkAgent, { id: 'git' }), /unset ssh forward key git/);
    const messages = client.stream(sshforward.SSH.forwardAgent, {
      headers: { 'buildkit.ssh.id': 'default' },
    });
    await messages.send({ data: Buffer.from('question') });
    messages.end();
    let answer = '';
    for await (const { data } of messages) answer += Buffer.from(data).toString();
    agent.close();
    assert.equal(answer, 'got question');
  });

  test('is the credentials of a registry, by the configuration', async () => {
    const auth = Buffer.from('me:pass').toString('base64');
    const config = {
      auths: { 'https://index.docker.io/v1/': { auth }, 'a.example': { identitytoken: 'token' } },
    };
    await using client = await session(credentialsService(() => config));
    const ask = async (host: string): Promise<string[]> => {
      const { username, secret } = await client.unary(filesync.Auth.credentials, { host });
      return [username, secret];
    };
    assert.deepEqual(await ask('registry-1.docker.io'), ['me', 'pass']);
    assert.deepEqual(await ask('a.example'), ['', 'token']);
    assert.deepEqual(await ask('b.example'), ['', '']);
    await assert.rejects(client.unary(filesync.Auth.getTokenAuthority, { host: 'a.example' }), {
      statusCode: 14,
    });
  });

  test('is an archive from stdin, once', async () => {
    async function* archive(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(3_000_000, 1);
      yield Buffer.from('end');
    }
    await using client = await session(uploadService({ id: 'abc', content: archive() }));
    const pull = async (): Promise<number> => {
      const messages = client.stream(upload.Upload.pull, { headers: { urlpath: '/abc' } });
      let bytes = 0;
      for await (const { data } of messages) bytes += data.length;
      return bytes;
    };
    assert.equal(await pull(), 3_000_003);
    await assert.rejects(pull(), { statusCode: 5 });
  });

  test('is the blobs of a layout, read in parts and written whole', async () => {
    const root = directory();
    const store = new ContentStore(root);
    await using client = await session(contentService(new Map([['local:x', store]])));
    const headers = { 'buildkit-attachable-store-id': 'local:x' };
    const digest = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    const write = async (expected: string): Promise<string> => {
      const messages = client.stream(content.Content.write, { headers });
      const { WriteAction } = content;
      await messages.send({ action: WriteAction.write, ref: 'r', data: Buffer.from('hel'), offset: 0 });
      await messages.send({
        action: WriteAction.commit,
        ref: 'r',
        data: Buffer.from('lo'),
        offset: 3,
        expected,
      });
      messages.end();
      let committed = '';
      for await (const answer of messages) committed = answer.digest;
      return committed;
    };
    await assert.rejects(write(`sha256:${'0'.repeat(64)}`), /unexpected commit digest/);
    assert.equal(await write(digest), digest);
    await assert.rejects(write(digest), { statusCode: 6 });
    assert.deepEqual(readdirSync(path.join(root, 'ingest')), []);
    let text = '';
    const part = { digest, offset: 1, size: 3 };
    for await (const { data } of client.serverStream(content.Content.read, part, { headers }))
      text += Buffer.from(data);
    assert.equal(text, 'ell');
    await assert.rejects(
      client.unary(content.Content.info, { digest: '../../etc/passwd' }, { headers }),
      /invalid digest/,
    );
    await assert.rejects(client.unary(content.Content.info, { digest }, {}), /unknown content store/);
  });

  test('an index gives a tag to one entry, and finds it again', () => {
    const root = directory();
    const entry = (letter: string) => ({ mediaType: 'm', digest: `sha256:${letter.repeat(64)}`, size: 1 });
    putEntry(root, entry('a'), 'latest');
    putEntry(root, entry('b'), 'v1');
    putEntry(root, entry('c'), 'latest');
    assert.equal(findEntry(root, 'latest')?.digest, entry('c').digest);
    assert.equal(openLayout(`${root}:v1`).digest, entry('b').digest);
    assert.throws(() => openLayout(`${root}:v2`), /could not be resolved/);
  });
});
