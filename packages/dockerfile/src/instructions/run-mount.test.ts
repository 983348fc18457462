import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRunMount } from './run-mount.ts';

const read = (text: string) => readRunMount(text, (value) => value.replace('$id', 'named'));

test('reads every type of mount', () => {
  assert.deepEqual(read('target=/a'), { type: 'bind', target: '/a', readOnly: true });
  assert.deepEqual(read('type=bind,dst=/a,src=b,from=c,rw'), {
    type: 'bind',
    target: '/a',
    source: 'b',
    from: 'c',
    readOnly: false,
  });
  assert.deepEqual(read('type=cache,id=$id,target=/a,sharing=LOCKED,mode=0750,uid=1,gid=2,ro'), {
    type: 'cache',
    id: 'named',
    target: '/a',
    sharing: 'locked',
    mode: 0o750,
    uid: 1,
    gid: 2,
    readOnly: true,
  });
  assert.deepEqual(read('type=tmpfs,target=/a,size=64m'), {
    type: 'tmpfs',
    target: '/a',
    size: 64 * 1024 ** 2,
    readOnly: false,
  });
  assert.deepEqual(read('type=secret,id=a,env=A,required'), {
    type: 'secret',
    id: 'a',
    env: 'A',
    required: true,
    readOnly: true,
  });
  assert.deepEqual(read('type=ssh,required=false,"target=/a,b"'), {
    type: 'ssh',
    required: false,
    target: '/a,b',
    readOnly: true,
  });
});

test('refuses what a type does not take, with a word on what was meant', () => {
  const cases: Readonly<Record<string, string>> = {
    'type=bin': 'unsupported mount type "bin" (did you mean bind?)',
    'type=cache,sharing=free': 'unsupported sharing value "free"',
    'target=/a,sharing=shared': 'invalid cache sharing set for bind mount',
    'targt=/a': "unexpected key 'targt' in 'targt=/a' (did you mean target?)",
    'target=/a,nonsense': "invalid field 'nonsense' must be a key=value pair",
    target: "invalid field 'target' must be a key=value pair",
    'target=/a,required': "unexpected key 'required' for mount type 'bind'",
    'target=/a,size=1': "unexpected key 'size' for mount type 'bind'",
    'type=tmpfs,size=x,target=/a': 'invalid value for size: x',
    'target=/a,mode=0700': 'mode not allowed for "bind" type mounts',
    'type=cache,target=/a,mode=9': 'invalid value 9 for mode',
    'type=cache,target=/a,uid=-1': 'invalid value -1 for uid',
    'type=cache,target=/a,uid=5000000000': 'invalid value 5000000000 for uid',
    'target=/a,ro=maybe': 'invalid value for ro: maybe',
    'type=secret': 'invalid secret mount. one of source, target required',
    'type=secret,id=a,from=b': 'secret mount should not have a from',
    'type=secret,id=a,source=b': "both source and id can't be set",
    'type=cache,target=/a,env=A': "unexpected key 'env' for mount type 'cache'",
  };
  for (const [text, message] of Object.entries(cases)) assert.throws(() => read(text), { message }, text);
});
