import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { goModules } from './go-modules.ts';

/** A program with a section of build information, as Go's linker writes one. */
function program(version: string, modules: string): Buffer {
  const mark = Buffer.alloc(16, 'x');
  const sized = (bytes: Buffer): Buffer => {
    const length = [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  const head = Buffer.alloc(32);
  head.write('\xff Go buildinf:', 'latin1');
  head[15] = 2;
  const text = Buffer.concat([mark, Buffer.from(modules), mark]);
  const info = Buffer.concat([head, sized(Buffer.from(version)), sized(text)]);
  const names = Buffer.from('\0.go.buildinfo\0.shstrtab\0');
  const elf = Buffer.alloc(64 + 3 * 64);
  elf.writeUInt32BE(0x7f454c46, 0);
  elf.set([2, 1], 4);
  elf.writeBigUInt64LE(64n, 40);
  for (const [at, value] of [
    [58, 64],
    [60, 3],
    [62, 2],
  ] as const)
    elf.writeUInt16LE(value, at);
  const section = (index: number, name: number, offset: number, size: number): void => {
    const at = 64 + index * 64;
    elf.writeUInt32LE(name, at);
    elf.writeBigUInt64LE(BigInt(offset), at + 24);
    elf.writeBigUInt64LE(BigInt(size), at + 32);
  };
  section(1, 1, elf.length, info.length);
  section(2, 15, elf.length + info.length, names.length);
  return Buffer.concat([elf, info, names]);
}

function urlsOf(bytes: Buffer): string[] {
  const directory = mkdtempSync(path.join(tmpdir(), 'go-'));
  const file = path.join(directory, 'program');
  writeFileSync(file, bytes);
  const fd = openSync(file, 'r');
  try {
    return goModules(fd, '/program').map(({ url }) => url);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

test('finds the modules of a Go program, and what stands in the place of some', () => {
  const modules = [
    'path\texample.com/cmd',
    'mod\texample.com/own\tv0.1.0\th1:x',
    'dep\tgithub.com/a/b\tv1.2.3\th1:y',
    'dep\tgithub.com/old/c\tv1.0.0',
    '=>\tgithub.com/new/c\tv2.0.0+incompatible\th1:z',
    'build\tGOOS=linux',
  ];
  assert.deepEqual(urlsOf(program('go1.22.1', `${modules.join('\n')}\n`)), [
    'pkg:golang/stdlib@1.22.1',
    'pkg:golang/example.com/own@v0.1.0',
    'pkg:golang/github.com/a/b@v1.2.3',
    'pkg:golang/github.com/new/c@v2.0.0%2Bincompatible',
  ]);
});

test('finds nothing in other programs, and in damaged ones', () => {
  const whole = program('go1.22.1', 'mod\ta\tv1\n');
  assert.deepEqual(urlsOf(Buffer.from('#!/bin/sh\n')), []);
  assert.deepEqual(urlsOf(Buffer.alloc(0)), []);
  for (let length = 0; length < whole.length; length += 7) urlsOf(whole.subarray(0, length));
  for (let at = 4; at < 256; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = 0xff;
    urlsOf(damaged);
  }
});
