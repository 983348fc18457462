import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitConfig } from './commit-config.ts';

const container = {
  Hostname: 'host',
  User: '5',
  Env: ['A=1', 'B=2'],
  Cmd: ['run', 'me'],
  Entrypoint: ['start'],
  Labels: { own: 'yes' },
  ExposedPorts: { '80/tcp': {} },
  WorkingDir: '',
  OnBuild: null,
};

test('without more, the image runs what the container is', () => {
  const { Env, Cmd, Entrypoint, User, Labels, ...rest } = commitConfig(container, undefined, []);
  assert.deepEqual([Env, Cmd, Entrypoint, User], [['A=1', 'B=2'], ['run', 'me'], ['start'], '5']);
  assert.deepEqual([Labels, rest], [{ own: 'yes' }, { ExposedPorts: { '80/tcp': {} } }]);
});

test('instructions change it, and a new entrypoint takes the command away', () => {
  const changed = commitConfig(container, undefined, ['ENTRYPOINT ["other"]', 'ENV B=3', 'LABEL more=1']);
  assert.deepEqual([changed.Entrypoint, changed.Cmd], [['other'], undefined]);
  assert.deepEqual(changed.Env, ['A=1', 'B=3']);
  assert.deepEqual(changed.Labels, { own: 'yes', more: '1' });
  assert.throws(() => commitConfig(container, undefined, ['RUN x']), /RUN is not a valid change command/);
});

test('a config that is given comes first, and the container says the rest', () => {
  const given = commitConfig(container, { Cmd: ['else'], Env: ['A=9'], User: '' }, ['EXPOSE 81']);
  assert.deepEqual([given.Cmd, given.Entrypoint, given.User], [['else'], ['start'], '5']);
  assert.deepEqual(given.Env, ['A=9', 'B=2']);
  assert.deepEqual(Object.keys(given.ExposedPorts ?? {}).sort(), ['80/tcp', '81/tcp']);
});
