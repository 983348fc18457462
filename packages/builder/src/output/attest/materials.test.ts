import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Materials } from './materials.ts';

describe('Materials', () => {
  it('tells no user and no password of an address', () => {
    const materials = new Materials();
    const digest = { sha256: '00' };
    materials.add({ uri: 'https://user:p@ss@files.example/a.tar?x=@', digest });
    materials.add({ uri: 'HTTPS://token@files.example/b@c', digest });
    materials.add({ uri: 'https://files.example/d@e', digest });
    assert.deepEqual(
      materials.list().map(({ uri }) => uri),
      ['HTTPS://files.example/b@c', 'https://files.example/a.tar?x=@', 'https://files.example/d@e'],
    );
  });
});
