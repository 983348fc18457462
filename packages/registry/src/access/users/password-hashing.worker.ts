import { parentPort } from 'node:worker_threads';
import { compare, hash } from 'bcryptjs';
import type { HashingAnswer, HashingTask } from './password-hashing.ts';

/** bcrypt takes tens of milliseconds of computing, which the thread that serves requests does not have. */
parentPort?.on('message', (task: HashingTask) => {
  void answer(task).then((result) => parentPort?.postMessage(result, []));
});

async function answer(task: HashingTask): Promise<HashingAnswer> {
  if (task.kind === 'hash') return { id: task.id, hash: await hash(task.password, task.cost) };
  return { id: task.id, isRight: await compare(task.password, task.hash) };
}
