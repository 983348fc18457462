import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineError, errorKind, errorMessage } from './errors.ts';

describe('errors', () => {
  it('carry their kind, code, details and cause', () => {
    const cause = new Error('below');
    const error = new EngineError('conflict', 'port-in-use', 'port 80 is in use', {
      details: { port: 80 },
      cause,
    });
    assert.equal(errorKind(error), 'conflict');
    assert.deepEqual([error.code, error.details['port'], error.cause], ['port-in-use', 80, cause]);
    assert.ok(!('cause' in new EngineError('internal', 'x', 'x')));
  });

  it('have a kind and a message, whatever was thrown', () => {
    assert.equal(errorKind(new DOMException('stopped', 'AbortError')), 'cancelled');
    assert.equal(errorKind(new TypeError('x')), 'internal');
    assert.equal(errorKind('text'), 'internal');
    assert.equal(errorMessage('text'), 'text');
    assert.equal(errorMessage(new Error('said')), 'said');
  });
});
