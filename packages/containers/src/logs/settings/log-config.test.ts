import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLogConfig, completeLogConfig, plainLogConfig } from './log-config.ts';
import { planLog } from './log-plan.ts';

/** Each refusal's text is dockerd's. */
const refused: [string, Record<string, string>, string][] = [
  ['nope', {}, 'error looking up logging plugin nope: plugin "nope" not found'],
  ['awslogs', {}, 'option HostConfig.LogConfig.Type (awslogs) is not implemented'],
  ['json-file', { bogus: '1' }, "unknown log opt 'bogus' for json-file log driver"],
  ['local', { tag: 'x' }, "unknown log opt 'tag' for log driver local"],
  ['json-file', { mode: 'x' }, 'logger: logging mode not supported: x'],
  [
    'json-file',
    { 'max-buffer-size': '1m' },
    "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  ],
  [
    'local',
    { mode: 'non-blocking', 'max-buffer-size': 'zz' },
    "error parsing option max-buffer-size: invalid size: 'zz'",
  ],
  ['none', { tag: 'x' }, 'invalid logging opts for driver none'],
  ['syslog', { 'syslog-address': 'zz' }, 'syslog-address should be in form proto://address, got zz'],
  ['syslog', { 'syslog-address': 'unix:///nonexist' }, 'stat /nonexist: no such file or directory'],
  ['syslog', { 'syslog-address': 'udp://:::1' }, 'address :::1: too many colons in address'],
  ['syslog', { 'syslog-facility': '99' }, 'invalid syslog facility'],
  ['syslog', { 'syslog-format': 'zz' }, 'Invalid syslog format'],
  ['gelf', {}, 'gelf-address is a required parameter'],
  ['gelf', { 'gelf-address': 'zz' }, 'gelf-address should be in form proto://address, got zz'],
  ['gelf', { 'gelf-address': 'udp://x' }, 'gelf: please provide gelf-address as proto://host:port'],
  [
    'gelf',
    { 'gelf-address': 'udp://127.0.0.1:1', 'gelf-compression-level': '12' },
    'unknown value "12" for log opt "gelf-compression-level" for gelf log driver',
  ],
  [
    'gelf',
    { 'gelf-address': 'tcp://127.0.0.1:1', 'gelf-compression-type': 'gzip' },
    'compression is only supported on UDP',
  ],
  [
    'gelf',
    { 'gelf-address': 'udp://127.0.0.1:1', 'gelf-tcp-max-reconnect': '3' },
    '"gelf-tcp-max-reconnect" is only valid for TCP',
  ],
  ['fluentd', { 'fluentd-async': 'zz' }, 'strconv.ParseBool: parsing "zz": invalid syntax'],
  ['fluentd', { 'fluentd-max-retries': 'zz' }, 'strconv.ParseUint: parsing "zz": invalid syntax'],
  ['fluentd', { 'fluentd-retry-wait': 'zz' }, 'time: invalid duration "zz"'],
  [
    'fluentd',
    { 'fluentd-async': 'true', 'fluentd-async-connect': 'true' },
    "conflicting options: cannot specify both 'fluentd-async' and 'fluentd-async-connect",
  ],
];

for (const [driver, options, message] of refused) {
  test(`refuses ${driver} with ${JSON.stringify(options)}, in Docker’s words`, () => {
    assert.throws(() => checkLogConfig(driver, options), { message });
  });
}

const subject = {
  containerId: 'c'.repeat(64),
  containerName: 'web',
  imageId: `sha256:${'d'.repeat(64)}`,
  imageName: 'nginx:1',
  command: 'nginx -g daemon off;',
  createdAt: '2025-01-31T12:00:00.000000000Z',
  environment: ['A=1', 'APP_B=2', 'NOT'],
  labels: { team: 'blue', 'app.kind': 'front' },
};

const refusedAtCreate: [Record<string, string>, RegExp][] = [
  [{ 'max-size': 'zz' }, /^invalid size: 'zz'$/],
  [{ 'max-size': '0' }, /^max-size must be a positive number$/],
  [{ 'max-file': '0' }, /^max-file cannot be less than 1$/],
  [{ 'max-file': 'x' }, /^strconv.Atoi: parsing "x": invalid syntax$/],
  [
    { compress: 'true', 'max-file': '1' },
    /^compress cannot be true when max-file is less than 2 or max-size is not set$/,
  ],
  [{ compress: 'true', 'max-size': '5g' }, /^compress needs a max-size below 4 GiB$/],
  [{ tag: '{{.Bogus}}' }, /^template: log-tag: .*can't evaluate field Bogus in type \*logger.Info/],
  [{ tag: '{{' }, /^template: log-tag: /],
  [{ 'labels-regex': '(' }, /^error parsing regexp: /],
];

for (const [options, message] of refusedAtCreate) {
  test(`refuses json-file with ${JSON.stringify(options)} before a container is made`, () => {
    assert.throws(() => planLog({ Type: 'json-file', Config: options }, subject), { message });
  });
}

test('the engine’s default gives the driver, and its options to containers with the same driver', () => {
  const byDefault = { Type: 'syslog', Config: { tag: 't', 'cache-max-size': '1m' } } as const;
  assert.deepEqual(completeLogConfig(undefined, byDefault), byDefault);
  assert.deepEqual(completeLogConfig({ Type: 'syslog', Config: { tag: 'mine' } }, byDefault).Config, {
    tag: 'mine',
    'cache-max-size': '1m',
  });
  assert.deepEqual(completeLogConfig({ Type: 'none' }, byDefault), { Type: 'none', Config: {} });
  assert.deepEqual(completeLogConfig({ Config: {} }, plainLogConfig), plainLogConfig);
});

test('a log is bounded to 5 files of 20 MB unless asked otherwise', () => {
  const { store } = planLog({ Type: 'json-file', Config: {} }, subject);
  assert.deepEqual([store?.maxFileBytes, store?.maxFiles, store?.compress], [20_000_000, 5, false]);
  const local = planLog({ Type: 'local', Config: {} }, subject);
  assert.deepEqual(
    [local.store?.maxFileBytes, local.store?.maxFiles, local.store?.compress],
    [20e6, 5, true],
  );
  const endless = planLog({ Type: 'json-file', Config: { 'max-size': '-1' } }, subject);
  assert.equal(endless.store?.maxFileBytes, Number.MAX_SAFE_INTEGER);
});

test('labels, environment and tag become attributes of each line', () => {
  const options = {
    labels: 'team,none',
    'labels-regex': '^app\\.',
    env: 'A',
    'env-regex': '^APP_',
    tag: '{{.Name}}/{{.ID}}/{{.ImageName}}/{{with .ExtraAttributes nil}}{{.team}}{{end}}',
  };
  assert.deepEqual(planLog({ Type: 'json-file', Config: options }, subject).attributes, {
    team: 'blue',
    'app.kind': 'front',
    A: '1',
    APP_B: '2',
    tag: `web/${'c'.repeat(12)}/nginx:1/blue`,
  });
});

test('a remote driver keeps a cache for reading, and with cache-disabled only what was not sent', () => {
  const remote = { Type: 'syslog', Config: { 'cache-max-size': '3k', 'cache-max-file': '2' } } as const;
  const cached = planLog(remote, subject);
  assert.deepEqual([cached.readable, cached.store?.maxFileBytes, cached.store?.maxFiles], [true, 3000, 2]);
  const { readable, store } = planLog({ Type: 'syslog', Config: { 'cache-disabled': 'true' } }, subject);
  assert.deepEqual([readable, store?.maxFileBytes], [false, 10_000_000]);
});
