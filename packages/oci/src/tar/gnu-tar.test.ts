import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { collectTar } from '../../testing/index.ts';
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from './tar-writer.ts';

let directory = '';
const longName = 'long-'.repeat(40);
const mebibyte = 1 << 20;
const sparseBytes = 8 * mebibyte;

before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gantry-tar-'));
  makeTree(path.join(directory, 'tree'));
});
after(() => rmSync(directory, { recursive: true }));

describe('reading what GNU tar wrote', () => {
  for (const format of ['v7', 'ustar', 'oldgnu', 'gnu', 'pax']) {
    it(`reads names, types, modes and times in format ${format}`, () => {
      const canLong = format !== 'v7' && format !== 'ustar';
      const archive = gnuTar([
        `--format=${format}`,
        ...(canLong ? [] : ['--exclude=long-*', '--exclude=fifo']),
      ]);
      const byName = new Map(collectTar(archive, 1000).map((member) => [member.name, member]));
      assert.equal(byName.get('./dir/')?.entry.type, 'directory');
      assert.equal(byName.get('./dir/')?.entry.mode, 0o1755);
      assert.equal(byName.get('./dir/file')?.content.toString(), 'hello\n');
      assert.equal(byName.get('./link')?.entry.type, 'symlink');
      assert.equal(Buffer.from(byName.get('./link')?.entry.linkName ?? []).toString(), 'dir/file');
      const mtimeNs = byName.get('./dir/file')?.entry.mtimeNs;
      const { mtimeNs: exactNs } = statSync(path.join(directory, 'tree/dir/file'), { bigint: true });
      assert.equal(mtimeNs, format === 'pax' ? exactNs : exactNs - (exactNs % 1_000_000_000n));
      assert.ok([...byName.values()].some((member) => member.entry.type === 'hard-link'));
      if (canLong) {
        assert.equal(byName.get(`./${longName}/${longName}`)?.content.toString(), 'deep');
        assert.equal(byName.get('./fifo')?.entry.type, 'fifo');
      }
    });
  }

  it('keeps names that are not UTF-8 byte for byte', () => {
    for (const format of ['gnu', 'pax']) {
      const members = collectTar(gnuTar([`--format=${format}`]));
      assert.ok(
        members.some(({ entry }) => Buffer.from(entry.name).equals(Buffer.from('./b\xff\n', 'latin1'))),
      );
    }
  });

  for (const [name, options] of Object.entries({
    'old GNU': ['--format=gnu'],
    '0.0': ['--format=pax', '--sparse-version=0.0'],
    '0.1': ['--format=pax', '--sparse-version=0.1'],
    '1.0': ['--format=pax', '--sparse-version=1.0'],
  })) {
    it(`gives a sparse file of version ${name} its holes back`, () => {
      for (const chunkBytes of [512, 777, 1 << 16]) {
        const members = collectTar(gnuTar(['--sparse', ...options]), chunkBytes);
        const sparse = members.find((member) => member.name === './sparse');
        assert.ok(sparse !== undefined);
        assert.equal(sparse.entry.sizeBytes, sparseBytes);
        assert.ok(sparse.content.length <= 30 * 8192);
        assert.equal(sparse.entry.segments?.length, 30);
        const whole = Buffer.alloc(sparseBytes);
        let at = 0;
        for (const { offset, lengthBytes } of sparse.entry.segments ?? []) {
          sparse.content.copy(whole, offset, at, at + lengthBytes);
          at += lengthBytes;
        }
        assert.ok(whole.equals(readFileSync(path.join(directory, 'tree', 'sparse'))));
      }
    });
  }

  it('reads an owner beyond the octal field in both extended formats', () => {
    for (const format of ['gnu', 'pax']) {
      const archive = gnuTar([`--format=${format}`, '--owner=x:4000000000', '--group=y:4294967294']);
      const [first] = collectTar(archive);
      assert.equal(first?.entry.uid, 4_000_000_000);
      assert.equal(first?.entry.gid, 4_294_967_294);
    }
  });

  it('reads a time before 1970', () => {
    for (const format of ['gnu', 'pax']) {
      const [first] = collectTar(gnuTar([`--format=${format}`, '--mtime=@-100']));
      assert.equal(first?.entry.mtimeNs, -100_000_000_000n);
    }
  });
});

describe('what GNU tar makes of our archives', () => {
  it('unpacks every type, long names, sub-second times and holes', () => {
    const target = path.join(directory, 'unpacked');
    mkdirSync(target);
    const content = Buffer.alloc(mebibyte / 2, 'x');
    const archive = Buffer.concat([
      ...member({ type: 'directory', name: bytes('d'), mode: 0o1777 }),
      ...member(
        { type: 'file', name: bytes('d/f'), sizeBytes: 5, mtimeNs: 1_500_000_000_987_654_321n },
        'hello',
      ),
      ...member({ type: 'hard-link', name: bytes('d/h'), linkName: bytes('d/f') }),
      ...member({ type: 'symlink', name: bytes('d/s'), linkName: bytes('t'.repeat(300)) }),
      ...member({ type: 'fifo', name: bytes('p') }),
      ...member({ type: 'file', name: bytes(`${longName}/${longName}`), sizeBytes: 4 }, 'deep'),
      ...member({ type: 'file', name: Buffer.from('b\xff\n', 'latin1') }),
      ...member(
        {
          type: 'file',
          name: bytes('sparse'),
          sizeBytes: 8 * mebibyte,
          segments: [{ offset: mebibyte, lengthBytes: content.length }],
        },
        content.toString(),
      ),
      tarEnd,
    ]);
    execFileSync('tar', ['-x', '-p', '-C', target, '--warning=no-unknown-keyword'], { input: archive });
    assert.equal(statSync(path.join(target, 'd')).mode & 0o7777, 0o1777);
    assert.equal(readFileSync(path.join(target, 'd/h'), 'utf8'), 'hello');
    assert.equal(statSync(path.join(target, 'd/f'), { bigint: true }).mtimeNs, 1_500_000_000_987_654_321n);
    assert.equal(statSync(path.join(target, 'd/f')).nlink, 2);
    assert.equal(readlinkSync(path.join(target, 'd/s')), 't'.repeat(300));
    assert.ok(statSync(path.join(target, 'p')).isFIFO());
    assert.equal(readFileSync(path.join(target, longName, longName), 'utf8'), 'deep');
    const names = readdirSync(target, { encoding: 'buffer' });
    assert.ok(names.some((name) => name.equals(Buffer.from('b\xff\n', 'latin1'))));
    const sparse = readFileSync(path.join(target, 'sparse'));
    assert.equal(sparse.length, 8 * mebibyte);
    assert.ok(sparse.subarray(mebibyte, mebibyte + content.length).equals(content));
    assert.ok(statSync(path.join(target, 'sparse')).blocks * 512 < 2 * mebibyte);
  });
});

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

function member(input: TarEntryInput, content = ''): Uint8Array[] {
  return [encodeTarHeader(input), Buffer.from(content), tarPadding(content.length)];
}

function gnuTar(options: string[]): Buffer {
  const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  return execFileSync('tar', ['-c', '--sort=name', ...options, '-C', path.join(directory, 'tree'), '.'], {
    env: environment,
    maxBuffer: 256 * mebibyte,
  });
}

function makeTree(tree: string): void {
  mkdirSync(path.join(tree, 'dir'), { recursive: true });
  writeFileSync(path.join(tree, 'dir', 'file'), 'hello\n');
  utimesSync(path.join(tree, 'dir', 'file'), 1_600_000_000.123456, 1_600_000_000.123456);
  linkSync(path.join(tree, 'dir', 'file'), path.join(tree, 'hard'));
  symlinkSync('dir/file', path.join(tree, 'link'));
  lutimesSync(path.join(tree, 'link'), 1, 1);
  execFileSync('mkfifo', [path.join(tree, 'fifo')]);
  execFileSync('chmod', ['1755', path.join(tree, 'dir')]);
  mkdirSync(path.join(tree, longName));
  writeFileSync(path.join(tree, longName, longName), 'deep');
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/b`), Buffer.from([0xff, 0x0a])]), '');
  makeSparse(path.join(tree, 'sparse'));
}

/** 30 runs of 4 kB, so that old GNU needs extension blocks, and a hole at the end. */
function makeSparse(file: string): void {
  const fd = openSync(file, 'w');
  for (let index = 1; index <= 30; index += 1) {
    writeSync(fd, Buffer.alloc(4096, index), 0, 4096, index * (mebibyte / 4));
  }
  ftruncateSync(fd, sparseBytes);
  closeSync(fd);
}
