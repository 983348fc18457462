import { IllegalTransitionError } from '../errors.ts';

/**
 * Where a container is in its life. `last` tells of the current run, or of the last one when it does not run; a
 * container that never ran has the zero values. The flags say that a transition is under way: they are not durable.
 */
export type ContainerState =
  | { status: 'created'; starting: boolean; last: RunFacts }
  | { status: 'running'; stopping: boolean; pid: number; last: RunFacts }
  | { status: 'paused'; stopping: boolean; pid: number; last: RunFacts }
  | { status: 'restarting'; starting: boolean; last: RunFacts }
  | { status: 'exited'; starting: boolean; last: RunFacts }
  | { status: 'removing'; last: RunFacts }
  | { status: 'dead'; last: RunFacts };

export type ContainerStatus = ContainerState['status'];

/** Times are RFC 3339 with nine digits of a second, UTC; empty for never. */
export interface RunFacts {
  startedAt: string;
  /** End of the last run that ended: while one runs, of the one before. */
  finishedAt: string;
  exitCode: number;
  outOfMemory: boolean;
  /** Why a start failed or a container is dead; empty otherwise. */
  error: string;
}

/** What can happen to a container. */
export type ContainerChange =
  | { type: 'start-begun' }
  | { type: 'started'; at: string; pid: number }
  | { type: 'start-failed'; exitCode: number; error: string }
  | { type: 'stop-begun' }
  | { type: 'paused' }
  | { type: 'resumed' }
  | { type: 'ended'; at: string; exitCode: number; outOfMemory: boolean; restart: boolean }
  /** A restart that was planned will not take place. */
  | { type: 'restart-cancelled' }
  | { type: 'removal-begun' }
  | { type: 'removal-failed'; error: string };

export const neverRun: RunFacts = {
  startedAt: '',
  finishedAt: '',
  exitCode: 0,
  outOfMemory: false,
  error: '',
};

export const initialState: ContainerState = { status: 'created', starting: false, last: neverRun };

/** The only way from one state to the next. Throws `IllegalTransitionError` for a change that the state does not know. */
export function transition(state: ContainerState, change: ContainerChange): ContainerState {
  switch (state.status) {
    case 'created':
    case 'exited':
    case 'restarting':
      return fromIdle(state, change);
    case 'running':
    case 'paused':
      return fromActive(state, change);
    case 'removing':
      if (change.type === 'removal-failed') {
        return { status: 'dead', last: { ...state.last, error: change.error } };
      }
      return change.type === 'removal-begun' ? state : illegal(state, change);
    case 'dead':
      return change.type === 'removal-begun'
        ? { status: 'removing', last: state.last }
        : illegal(state, change);
  }
}

function fromIdle(
  state: Extract<ContainerState, { starting: boolean }>,
  change: ContainerChange,
): ContainerState {
  const { last } = state;
  switch (change.type) {
    case 'start-begun':
      return { ...state, starting: true };
    case 'started':
      return {
        status: 'running',
        stopping: false,
        pid: change.pid,
        last: { ...neverRun, startedAt: change.at, finishedAt: last.finishedAt },
      };
    case 'start-failed':
      return {
        status: state.status === 'created' ? 'created' : 'exited',
        starting: false,
        last: { ...last, exitCode: change.exitCode, error: change.error, outOfMemory: false },
      };
    case 'restart-cancelled':
      return { status: state.status === 'restarting' ? 'exited' : state.status, starting: false, last };
    case 'removal-begun':
      return { status: 'removing', last };
    case 'stop-begun':
    case 'paused':
    case 'resumed':
    case 'ended':
    case 'removal-failed':
      return illegal(state, change);
  }
}

function fromActive(
  state: Extract<ContainerState, { stopping: boolean }>,
  change: ContainerChange,
): ContainerState {
  switch (change.type) {
    case 'stop-begun':
      return { ...state, stopping: true };
    case 'paused':
      return { ...state, status: 'paused' };
    case 'resumed':
      return { ...state, status: 'running' };
    case 'ended':
      return {
        status: change.restart ? 'restarting' : 'exited',
        starting: false,
        last: {
          startedAt: state.last.startedAt,
          finishedAt: change.at,
          exitCode: change.exitCode,
          outOfMemory: change.outOfMemory,
          error: '',
        },
      };
    case 'start-begun':
    case 'started':
    case 'start-failed':
    case 'restart-cancelled':
    case 'removal-begun':
    case 'removal-failed':
      return illegal(state, change);
  }
}

/** The state without its flags: what is stored. */
export function settled(state: ContainerState): ContainerState {
  if ('starting' in state) return { ...state, starting: false };
  if ('stopping' in state) return { ...state, stopping: false };
  return state;
}

/** True while init exists: running or paused. */
export function isActive(
  state: ContainerState,
): state is Extract<ContainerState, { status: 'running' | 'paused' }> {
  return state.status === 'running' || state.status === 'paused';
}

/** What Docker calls running: active, or between two runs of a restart policy. */
export function countsAsRunning(state: ContainerState): boolean {
  return isActive(state) || state.status === 'restarting';
}

function illegal(state: ContainerState, change: ContainerChange): never {
  throw new IllegalTransitionError(state.status, change.type);
}
