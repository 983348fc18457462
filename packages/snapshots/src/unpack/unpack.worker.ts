import { parentPort } from 'node:worker_threads';

import { type UnpackHooks, unpackBlob } from './unpack-blob.ts';
import { toFailure } from './unpack-failure.ts';
import type { UnpackJob, UnpackMessage } from './unpack-job.ts';

/* The thread that unpacks layers, one job at a time. */

const progressIntervalMs = 50;

function send(message: UnpackMessage): void {
  parentPort?.postMessage(message, []);
}

function hooksOf(job: UnpackJob): UnpackHooks {
  const cancel = new Int32Array(job.cancel);
  let lastMs = 0;
  return {
    onProgress: (consumedBytes) => {
      const nowMs = performance.now();
      if (nowMs - lastMs < progressIntervalMs) return;
      lastMs = nowMs;
      send({ type: 'progress', consumedBytes });
    },
    throwIfCancelled: () => {
      if (Atomics.load(cancel, 0) !== 0) throw new DOMException('cancelled', 'AbortError');
    },
  };
}

async function run(job: UnpackJob): Promise<void> {
  try {
    send({ type: 'done', written: await unpackBlob(job, hooksOf(job)) });
  } catch (error) {
    send({ type: 'failed', failure: toFailure(error, job.diffId, undefined) });
  }
}

parentPort?.on('message', (job: UnpackJob) => void run(job));
