import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructionBytes, shortenFilter } from './shorten-filter.ts';

type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const amd64 = 0xc000003e;
const i386 = 0x40000003;
const x32 = 0x40000000;
const allow = 0x7fff0000;
const refuse = 0x00050001;
const loadCall: Instruction = [0x20, 0, 0, 0];
const loadArchitecture: Instruction = [0x20, 0, 0, 4];
const calls = [...range(0, 60), ...range(62, 150), 155, ...range(200, 330), 424, 435];
const withFlags = 157;

test('a shortened filter answers every call as the long one, on every architecture, whatever its arguments', () => {
  const long = [
    loadArchitecture,
    ...onArchitecture(amd64, [loadCall, [0x35, 0, 1, x32], verdict(refuse), ...chain(calls)]),
    ...onArchitecture(i386, [loadCall, ...chain(calls.map((call) => call + 3))]),
    verdict(refuse),
  ];
  const short = shortened(long);
  assert.ok(short.length < long.length / 2, `${short.length} of ${long.length} instructions`);
  const numbers = [...range(0, 600), x32 - 1, x32, x32 + 1, 0xffffffff];
  for (const architecture of [amd64, i386, 0, 0xffffffff]) {
    for (const call of numbers) {
      for (const argument of [0, 1, 0x40, 0x7e020080]) {
        const data = { architecture, call, argument };
        assert.equal(answer(short, data), answer(long, data), JSON.stringify(data));
      }
    }
  }
  assert.ok(Math.max(...numbers.map((call) => steps(short, call))) < 20);
});

test('a filter stays as it is when it is short already, or does what is not understood', () => {
  const brief = [loadCall, [0x15, 0, 1, 59] as const, verdict(refuse), verdict(allow)];
  const scratch = [[0x02, 0, 0, 0] as const, loadCall, ...chain(calls)];
  const masked = [loadCall, [0x54, 0, 0, 0xff] as const, ...chain(calls)];
  const bits = [loadCall, [0x45, 0, 1, 1] as const, verdict(refuse), ...chain(calls)];
  const ordered = [loadArchitecture, [0x35, 0, 1, i386] as const, verdict(refuse), loadCall, ...chain(calls)];
  const unloaded = chain(calls);
  for (const filter of [brief, scratch, masked, bits, ordered, unloaded]) {
    assert.deepEqual(shortened(filter), filter);
  }
});

/** One number after the other, as libseccomp writes it; one call is allowed by the bits of its first argument. */
function chain(allowed: readonly number[]): Instruction[] {
  const flags: Instruction[] = [
    [0x20, 0, 0, 16],
    [0x54, 0, 0, 0x7e020080],
    [0x15, 0, 1, 0],
    verdict(allow),
    verdict(refuse),
  ];
  return [
    ...allowed.flatMap((call): Instruction[] => [[0x15, 0, 1, call], verdict(allow)]),
    [0x15, 0, flags.length, withFlags],
    ...flags,
    verdict(refuse),
  ];
}

function onArchitecture(architecture: number, body: readonly Instruction[]): Instruction[] {
  return [[0x15, 1, 0, architecture], [0x05, 0, 0, body.length], ...body];
}

function verdict(k: number): Instruction {
  return [0x06, 0, 0, k];
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

interface CallData {
  architecture: number;
  call: number;
  argument: number;
}

function answer(program: readonly Instruction[], data: CallData): number {
  return walk(program, data).verdict;
}

function steps(program: readonly Instruction[], call: number): number {
  return walk(program, { architecture: amd64, call, argument: 0 }).steps;
}

/** As seccomp(2) and the kernel's net/core/filter.c have it. */
function walk(
  program: readonly Instruction[],
  { architecture, call, argument }: CallData,
): { verdict: number; steps: number } {
  let held = 0;
  for (let at = 0, done = 1; ; done += 1) {
    const [code, jt, jf, k] = program[at] as Instruction;
    const skip = (holds: boolean): number => at + 1 + (holds ? jt : jf);
    if (code === 0x06) return { verdict: k, steps: done };
    if (code === 0x20) held = k === 0 ? call : k === 4 ? architecture : argument;
    if (code === 0x54) held = (held & k) >>> 0;
    if (code === 0x05) at += 1 + k;
    else if (code === 0x15) at = skip(held === k);
    else if (code === 0x35) at = skip(held >= k);
    else at += 1;
  }
}

function shortened(program: readonly Instruction[]): Instruction[] {
  const filter = Buffer.alloc(program.length * instructionBytes);
  for (const [index, [code, jt, jf, k]] of program.entries()) {
    const at = index * instructionBytes;
    filter.writeUInt16LE(code, at);
    filter.set([jt, jf], at + 2);
    filter.writeUInt32LE(k, at + 4);
  }
  const short = shortenFilter(filter);
  return Array.from({ length: short.length / instructionBytes }, (_, index): Instruction => {
    const at = index * instructionBytes;
    return [short.readUInt16LE(at), short[at + 2] ?? 0, short[at + 3] ?? 0, short.readUInt32LE(at + 4)];
  });
}
