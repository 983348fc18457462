import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpecHost } from '../spec-host.ts';
import { defaultSeccompProfile } from './default-profile.ts';
import { resolveSeccompProfile } from './resolve-profile.ts';
import { parseSeccompProfile } from './seccomp-profile.ts';

const host = { architecture: 'x64', kernelVersion: 6001 } as SpecHost;

function resolve(
  profile: object,
  capabilities: readonly string[] = [],
): ReturnType<typeof resolveSeccompProfile> {
  return resolveSeccompProfile(parseSeccompProfile(JSON.stringify(profile)), new Set(capabilities), host);
}

test('a rule holds for the capabilities, processors and kernels that it names', () => {
  const rule = (name: string, condition: object): object => ({
    names: [name],
    action: 'SCMP_ACT_ALLOW',
    ...condition,
  });
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    archMap: [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    ],
    syscalls: [
      rule('always', {}),
      rule('admin', { includes: { caps: ['CAP_SYS_ADMIN'] } }),
      rule('notadmin', { excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } }),
      rule('arm', { includes: { arches: ['arm64'] } }),
      rule('notintel', { excludes: { arches: ['amd64'] } }),
      rule('old', { includes: { minKernel: '4.8' } }),
      rule('future', { includes: { minKernel: '99.1' } }),
      {
        name: 'single',
        action: 'SCMP_ACT_LOG',
        args: [{ index: 1, value: 2, op: 'SCMP_CMP_EQ' }],
        comment: 'x',
      },
    ],
  };
  const names = (capabilities: string[]): string[] =>
    resolve(profile, capabilities).syscalls?.flatMap((each) => each.names) ?? [];
  assert.deepEqual(names([]), ['always', 'notadmin', 'old', 'single']);
  assert.deepEqual(names(['CAP_SYS_ADMIN']), ['always', 'admin', 'old', 'single']);
  const { architectures, defaultErrnoRet, syscalls } = resolve(profile);
  assert.deepEqual(architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  assert.equal(defaultErrnoRet, 38);
  assert.deepEqual(syscalls?.at(-1), {
    names: ['single'],
    action: 'SCMP_ACT_LOG',
    args: [{ index: 1, value: 2, valueTwo: 0, op: 'SCMP_CMP_EQ' }],
  });
});

for (const [what, profile, message] of [
  ['is not JSON', '{', /^Decoding seccomp profile failed: .*is not JSON/],
  ['is no object', '[]', /is not an object/],
  ['is nested too deep', '['.repeat(100) + ']'.repeat(100), /nested deeper/],
  ['has no default', '{}', /'defaultAction' that is not text/],
  [
    'has an action that is none',
    { defaultAction: 'KILL' },
    /^string KILL is not a valid action for seccomp$/,
  ],
  ['hands calls to another process', { defaultAction: 'SCMP_ACT_NOTIFY' }, /SCMP_ACT_NOTIFY/],
  [
    'has a listener',
    { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/x' },
    /listenerPath.*not implemented/,
  ],
  [
    'has two lists of processors',
    { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86'], archMap: [{}] },
    /use either 'architectures' or 'archMap'$/,
  ],
  [
    'has a processor that is none',
    { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['PDP11'] },
    /^string PDP11 is not a valid arch for seccomp$/,
  ],
  [
    'compares a seventh argument',
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_LOG', args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] },
      ],
    },
    /argument 6/,
  ],
  [
    'compares with a number that JavaScript does not keep',
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_LOG', args: [{ index: 0, value: 2 ** 60, op: 'SCMP_CMP_EQ' }] },
      ],
    },
    /'args\.value' that is not a size/,
  ],
  [
    'names a call that is none',
    { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['re ad'], action: 'SCMP_ACT_LOG' }] },
    /system call "re ad"/,
  ],
] as const) {
  test(`a profile that ${what} is refused`, () => {
    const text = typeof profile === 'string' ? profile : JSON.stringify(profile);
    assert.throws(() => parseSeccompProfile(text), { name: 'InvalidSeccompProfileError', message });
  });
}

test('the default profile closes the sockets of cryptography and of virtual machines, and no other family', () => {
  const rules = defaultSeccompProfile(new Set(), host).syscalls ?? [];
  const allowed = (family: number): boolean =>
    rules.some(({ names, args = [] }) => {
      const [first] = args;
      if (!names.includes('socket') || first === undefined) return false;
      if (first.op === 'SCMP_CMP_LT') return family < first.value;
      return first.op === 'SCMP_CMP_GT' ? family > first.value : family === first.value;
    });
  const closed = Array.from({ length: 64 }, (_, family) => family).filter((family) => !allowed(family));
  assert.deepEqual(closed, [38, 40]);
});

test('on s390 the flags of clone come second', () => {
  const clone = (architecture: SpecHost['architecture']): number | undefined =>
    defaultSeccompProfile(new Set(), { ...host, architecture }).syscalls?.find(
      ({ names, args }) => names.includes('clone') && args !== undefined,
    )?.args?.[0]?.index;
  assert.equal(clone('s390x'), 1);
  assert.equal(clone('x64'), 0);
});
