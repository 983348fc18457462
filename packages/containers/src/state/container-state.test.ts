import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { IllegalTransitionError } from '../errors.ts';
import {
  type ContainerChange,
  type ContainerState,
  countsAsRunning,
  initialState,
  settled,
  transition,
} from './container-state.ts';

const started = { type: 'started', at: '2025-01-01T00:00:00.000000000Z', pid: 7 } as const;
const ended = {
  type: 'ended',
  at: '2025-01-01T00:00:09.000000000Z',
  exitCode: 3,
  outOfMemory: false,
  restart: false,
} as const;

function after(...changes: ContainerChange[]): ContainerState {
  return changes.reduce(transition, initialState);
}

test('a run leaves its facts behind', () => {
  const state = after({ type: 'start-begun' }, started, ended);
  assert.deepEqual(state, {
    status: 'exited',
    starting: false,
    last: { startedAt: started.at, finishedAt: ended.at, exitCode: 3, outOfMemory: false, error: '' },
  });
});

test('a further run forgets the exit code and keeps the time of the last end', () => {
  const state = after(started, ended, started);
  assert.equal(state.last.exitCode, 0);
  assert.equal(state.last.finishedAt, ended.at);
});

test('a failed start leaves a new container created, and another exited', () => {
  const failed = { type: 'start-failed', exitCode: 127, error: 'not found' } as const;
  assert.equal(after({ type: 'start-begun' }, failed).status, 'created');
  assert.equal(after(started, ended, { type: 'start-begun' }, failed).status, 'exited');
  assert.equal(after(started, { ...ended, restart: true }, failed).status, 'exited');
  assert.equal(after(failed).last.error, 'not found');
});

test('a container between two runs counts as running until its restart is cancelled', () => {
  const waiting = after(started, { ...ended, restart: true });
  assert.ok(countsAsRunning(waiting));
  assert.equal(transition(waiting, { type: 'restart-cancelled' }).status, 'exited');
});

test('a removal that failed leaves a container dead, which can be removed again', () => {
  const dead = after({ type: 'removal-begun' }, { type: 'removal-failed', error: 'busy' });
  assert.deepEqual([dead.status, dead.last.error], ['dead', 'busy']);
  assert.equal(transition(dead, { type: 'removal-begun' }).status, 'removing');
});

test('what runs is neither started, removed nor ended twice', () => {
  assert.throws(() => after(started, started), IllegalTransitionError);
  assert.throws(() => after(started, { type: 'removal-begun' }), IllegalTransitionError);
  assert.throws(() => after(started, ended, ended), IllegalTransitionError);
  assert.throws(() => after({ type: 'paused' }), IllegalTransitionError);
});

test('whatever happens, flags are never stored and every state is a known one', () => {
  const change = fc.constantFrom<ContainerChange>(
    { type: 'start-begun' },
    started,
    { type: 'start-failed', exitCode: 1, error: 'e' },
    { type: 'stop-begun' },
    { type: 'paused' },
    { type: 'resumed' },
    ended,
    { ...ended, restart: true },
    { type: 'restart-cancelled' },
    { type: 'removal-begun' },
    { type: 'removal-failed', error: 'e' },
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let state = initialState;
      for (const next of changes) {
        try {
          state = transition(state, next);
        } catch (error) {
          assert.ok(error instanceof IllegalTransitionError);
        }
        const stored = settled(state);
        assert.ok(!('starting' in stored && stored.starting) && !('stopping' in stored && stored.stopping));
      }
    }),
  );
});
