import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitCommas } from '@gantry/base';
import { UsageError } from '../errors.ts';
import { parseFlagSpecs } from './flag-spec.ts';
import { type ParsedLine, parseFlags } from './parse-flags.ts';

const specs = parseFlagSpecs(`
  -i/--interactive | keep stdin
  -t/--tty | terminal
  -p/--publish list | port
  -e/--env list | variable
  -n/--last int=-1 | number
  -m/--memory bytes=0 | memory
  --rm | remove
  --sig-proxy=true | signals
  --name string=nobody | name
  --platform stringSlice | platforms
  --cpus decimal | cpus
  --wait duration=0s | span
  --ulimit ulimit | limit
  -f/--filter filter | filter
`);

const parse = (line: string, stops: boolean = false): ParsedLine =>
  parseFlags(
    line.split(' ').filter((word) => word !== ''),
    specs,
    { stopsAtFirstArgument: stops },
  );

test('groups letters, the last of which may take the rest as its value', () => {
  const { flags, args } = parse('-itp80:80 image');
  assert.ok(flags.boolean('interactive') && flags.boolean('tty'));
  assert.deepEqual(flags.list('publish'), ['80:80']);
  assert.deepEqual(args, ['image']);
});

test('takes values after a space, after an equals sign, or attached to the letter', () => {
  for (const line of ['-n 5', '-n5', '-n=5', '--last 5', '--last=5'])
    assert.equal(parse(line).flags.number('last'), 5, line);
});

test('takes the value of a boolean only after an equals sign', () => {
  const { flags, args } = parse('--rm=false --sig-proxy=0 --tty true');
  assert.ok(!flags.boolean('rm') && !flags.boolean('sig-proxy') && flags.boolean('tty'));
  assert.ok(flags.has('rm') && !flags.has('interactive'));
  assert.deepEqual(args, ['true']);
});

test('gathers repeated values, and lets the last of a single one win', () => {
  const { flags } = parse('-e A -e B --name x --name y --platform a,b --platform c');
  assert.deepEqual(flags.list('env'), ['A', 'B']);
  assert.equal(flags.string('name'), 'y');
  assert.deepEqual(flags.list('platform'), ['a', 'b', 'c']);
});

test('has the defaults of what was not given', () => {
  const { flags } = parse('');
  assert.equal(flags.number('last'), -1);
  assert.equal(flags.string('name'), 'nobody');
  assert.equal(flags.boolean('sig-proxy'), true);
  assert.deepEqual(flags.list('env'), []);
});

test('takes flags between arguments, until two dashes', () => {
  const { flags, args } = parse('a --rm b -- --tty -x');
  assert.ok(flags.boolean('rm') && !flags.boolean('tty'));
  assert.deepEqual(args, ['a', 'b', '--tty', '-x']);
});

test('leaves everything after the first argument alone where that is asked for', () => {
  const { flags, args } = parse('--rm image --tty -- -x', true);
  assert.ok(flags.boolean('rm') && !flags.boolean('tty'));
  assert.deepEqual(args, ['image', '--tty', '--', '-x']);
  assert.deepEqual(parse('-- --rm x', true).args, ['--rm', 'x']);
});

test('takes a lone dash as an argument, and as a value', () => {
  assert.deepEqual(parse('- --name -').args, ['-']);
  assert.equal(parse('--name --rm').flags.string('name'), '--rm');
});

test('stops at --help, and at -h where no flag has that letter', () => {
  for (const line of ['--help --nonsense', '-h', '-ih', 'a --help']) assert.ok(parse(line).helpWanted, line);
});

for (const [line, message] of [
  ['--nope', 'unknown flag: --nope'],
  ['--nope=1', 'unknown flag: --nope'],
  ['-Z', "unknown shorthand flag: 'Z' in -Z"],
  ['-itZx', "unknown shorthand flag: 'Z' in -Zx"],
  ['--name', 'flag needs an argument: --name'],
  ['-e', "flag needs an argument: 'e' in -e"],
  ['-te', "flag needs an argument: 'e' in -e"],
  ['--=x', 'bad flag syntax: --=x'],
  ['---x', 'bad flag syntax: ---x'],
  [
    '--rm=maybe',
    'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  ['-n abc', 'invalid argument "abc" for "-n, --last" flag: strconv.ParseInt: parsing "abc": invalid syntax'],
  ['-m x', 'invalid argument "x" for "-m, --memory" flag: invalid size: \'x\''],
  ['-m 5x', 'invalid argument "5x" for "-m, --memory" flag: invalid suffix: \'x\''],
  ['--cpus x', 'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number'],
  ['--wait 5', 'invalid argument "5" for "--wait" flag: time: missing unit in duration "5"'],
  ['--wait 5y', 'invalid argument "5y" for "--wait" flag: time: unknown unit "y" in duration "5y"'],
  ['--wait x', 'invalid argument "x" for "--wait" flag: time: invalid duration "x"'],
  ['--ulimit x', 'invalid argument "x" for "--ulimit" flag: invalid ulimit argument: x'],
  [
    '--ulimit nofile=3:2',
    'invalid argument "nofile=3:2" for "--ulimit" flag: ulimit soft limit must be less than or equal to hard limit: 3 > 2',
  ],
] as const) {
  test(`refuses ${line} in pflag's words`, () => {
    assert.throws(
      () => parse(line),
      (error) => {
        assert.ok(error instanceof UsageError);
        assert.deepEqual([error.message, error.exitCode], [message, 125]);
        return true;
      },
    );
  });
}

test('splits comma lists as CSV', () => {
  assert.deepEqual(splitCommas('a,"b,c",d'), ['a', 'b,c', 'd']);
  assert.deepEqual(splitCommas('type=bind,source="/a ""b"""'), ['type=bind', 'source="/a ""b"""']);
  assert.deepEqual(splitCommas(''), ['']);
  assert.deepEqual(splitCommas('a,,b'), ['a', '', 'b']);
});
