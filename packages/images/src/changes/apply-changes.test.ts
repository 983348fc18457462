import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from './apply-changes.ts';

const apply = (...changes: string[]): object => applyChanges({}, changes);

test('CMD and ENTRYPOINT take the JSON form and the shell form', () => {
  assert.deepEqual(apply('CMD ["a", "b c"]', 'ENTRYPOINT echo $HOME "x"'), {
    Cmd: ['a', 'b c'],
    Entrypoint: ['/bin/sh', '-c', 'echo $HOME "x"'],
  });
});

test('what looks like JSON and is not is the shell form', () => {
  assert.deepEqual(apply("CMD ['a']"), { Cmd: ['/bin/sh', '-c', "['a']"] });
});

test('SHELL changes the shell form of what follows', () => {
  assert.deepEqual(apply('SHELL ["/bin/bash", "-ec"]', 'CMD ls'), {
    Shell: ['/bin/bash', '-ec'],
    Cmd: ['/bin/bash', '-ec', 'ls'],
  });
});

test('an ENTRYPOINT clears an inherited CMD, and keeps one that came with it', () => {
  assert.deepEqual(applyChanges({ Cmd: ['old'] }, ['ENTRYPOINT ["e"]']), { Entrypoint: ['e'] });
  assert.deepEqual(applyChanges({ Cmd: ['old'] }, ['CMD ["c"]', 'ENTRYPOINT ["e"]']), {
    Cmd: ['c'],
    Entrypoint: ['e'],
  });
});

test('ENV takes several pairs, quotes, the old form, replaces and expands', () => {
  assert.deepEqual(
    applyChanges({ Env: ['PATH=/bin', 'A=0'] }, [
      'ENV A=1 B="two words" C=three\\ words',
      'ENV OLD form with blanks',
      'ENV PATH=$PATH:/opt X=${NONE:-d}${A:+set}\\$A',
      "ENV S='$A'",
    ]),
    {
      Env: [
        'PATH=/bin:/opt',
        'A=1',
        'B=two words',
        'C=three words',
        'OLD=form with blanks',
        'X=dset$A',
        'S=$A',
      ],
    },
  );
});

test('EXPOSE takes protocols and ranges', () => {
  assert.deepEqual(apply('EXPOSE 80 53/UDP 8000-8002/tcp'), {
    ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} },
  });
});

test('LABEL, USER, VOLUME, WORKDIR, STOPSIGNAL and ONBUILD set their fields', () => {
  assert.deepEqual(
    apply(
      'LABEL a=b "c d"="e f"',
      'user 1000:1000',
      'VOLUME /a /b',
      'VOLUME ["/c d"]',
      'WORKDIR /x',
      'WORKDIR ../y/./z',
      'STOPSIGNAL SIGRTMIN+3',
      'ONBUILD RUN make',
    ),
    {
      Labels: { a: 'b', 'c d': 'e f' },
      User: '1000:1000',
      Volumes: { '/a': {}, '/b': {}, '/c d': {} },
      WorkingDir: '/y/z',
      StopSignal: 'SIGRTMIN+3',
      OnBuild: ['RUN make'],
    },
  );
});

test('HEALTHCHECK takes flags, both command forms, and NONE', () => {
  assert.deepEqual(apply('HEALTHCHECK --interval=1m30s --retries=2 --start-period=0s CMD curl -f x'), {
    Healthcheck: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 90e9, Retries: 2 },
  });
  assert.deepEqual(apply('HEALTHCHECK CMD ["true"]'), { Healthcheck: { Test: ['CMD', 'true'] } });
  assert.deepEqual(apply('HEALTHCHECK NONE'), { Healthcheck: { Test: ['NONE'] } });
});

test('comments and blank lines are skipped, and a backslash joins lines', () => {
  assert.deepEqual(apply('# no\n\nENV A=1 \\\n  B=2'), { Env: ['A=1', 'B=2'] });
});

test('the given config is not changed', () => {
  const config = { Env: ['A=1'] };
  applyChanges(config, ['ENV A=2']);
  assert.deepEqual(config, { Env: ['A=1'] });
});

for (const [change, message] of [
  ['RUN ls', 'RUN is not a valid change command'],
  ['constructor x', 'constructor is not a valid change command'],
  ['CMD', 'CMD requires at least one argument'],
  ['USER', 'USER requires exactly one argument'],
  ['ENV A', 'ENV must have two arguments'],
  ['ENV A=1 B', 'Syntax error - can\'t find = in "B". Must be of the form: name=value'],
  ['LABEL =x', 'LABEL names can not be blank'],
  ['EXPOSE 70000', 'invalid containerPort: 70000'],
  ['EXPOSE 9-8', 'invalid containerPort: 9-8'],
  ['STOPSIGNAL a/b', 'Invalid signal: a/b'],
  ['HEALTHCHECK RUN x', 'Unknown type "RUN" in HEALTHCHECK (try CMD)'],
  ['HEALTHCHECK --interval=1x CMD y', 'time: unknown unit "x" in duration "1x"'],
  ['HEALTHCHECK --interval=1us CMD y', 'Interval "interval" cannot be less than 1ms'],
  ['HEALTHCHECK --what=1s CMD y', 'unknown flag: --what'],
  ['ONBUILD ONBUILD RUN x', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['SHELL /bin/sh', 'SHELL requires the arguments to be in JSON form'],
  ['ENV A=${B', 'failed to process "${B": unsupported modifier () in substitution'],
] as const) {
  test(`'${change}' is refused: ${message}`, () => {
    assert.throws(() => apply(change), { code: 'image-change-invalid', message });
  });
}
