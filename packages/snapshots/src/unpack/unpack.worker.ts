import { parentPort } from 'node:worker_threads';

import { type UnpackHooks, unpackBlob } from './unpack-blob.ts';
import { toFailure } from './unpack-failure.ts';
import {
  type ArrivedBytes,
  jobName,
  type UnpackJob,
  type UnpackMessage,
  type UnpackOrder,
} from './unpack-job.ts';

/* The thread that unpacks layers: one that is here whole, and any number that wait for more of their blobs. */

const progressIntervalMs = 50;

/** Jobs whose blobs are on their way: what to call when more is there. */
const arrivals = new Map<number, (arrived: ArrivedBytes) => void>();

function send(message: UnpackMessage): void {
  parentPort?.postMessage(message, []);
}

function hooksOf(id: number, job: UnpackJob): UnpackHooks {
  const cancel = new Int32Array(job.cancel);
  let lastMs = 0;
  const throwIfCancelled = (): void => {
    if (Atomics.load(cancel, 0) !== 0) throw new DOMException('cancelled', 'AbortError');
  };
  return {
    onProgress: (consumedBytes) => {
      const nowMs = performance.now();
      if (nowMs - lastMs < progressIntervalMs) return;
      lastMs = nowMs;
      send({ id, type: 'progress', consumedBytes });
    },
    throwIfCancelled,
    ...(job.arriving && { readable: arrivalOf(id, job.arriving, throwIfCancelled) }),
  };
}

/** Waits where no more is there; every order about the job wakes it, one that cancels it too. */
function arrivalOf(
  id: number,
  atFirst: ArrivedBytes,
  throwIfCancelled: () => void,
): (consumedBytes: number) => Promise<number> {
  let { arrivedBytes, sizeBytes } = atFirst;
  let next = Promise.withResolvers<void>();
  arrivals.set(id, (arrived) => {
    ({ arrivedBytes, sizeBytes } = arrived);
    next.resolve();
    next = Promise.withResolvers<void>();
  });
  const isMissing = (at: number): boolean => at >= arrivedBytes && at < sizeBytes;
  return async (consumedBytes) => {
    while (isMissing(consumedBytes)) {
      throwIfCancelled();
      await next.promise;
    }
    return arrivedBytes;
  };
}

async function run(id: number, job: UnpackJob): Promise<void> {
  try {
    send({ id, type: 'done', written: await unpackBlob(job, hooksOf(id, job)) });
  } catch (error) {
    send({ id, type: 'failed', failure: toFailure(error, jobName(job), undefined) });
  } finally {
    arrivals.delete(id);
  }
}

parentPort?.on('message', (order: UnpackOrder) => {
  if (order.type === 'unpack') void run(order.id, order.job);
  else arrivals.get(order.id)?.(order);
});
