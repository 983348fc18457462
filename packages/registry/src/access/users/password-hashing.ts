import { Worker } from 'node:worker_threads';

export type HashingTask =
  | { id: number; kind: 'compare'; password: string; hash: string }
  | { id: number; kind: 'hash'; password: string; cost: number };

export interface HashingAnswer {
  id: number;
  isRight?: boolean;
  hash?: string;
}

type Waiter = PromiseWithResolvers<HashingAnswer>;

const idleMs = 30_000;

/** bcrypt in a thread of its own, which is started when it is needed and ends when it was not for half a minute. */
export class PasswordHashing implements AsyncDisposable {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;
  readonly #waiters = new Map<number, Waiter>();

  async isRight(password: string, hash: string): Promise<boolean> {
    const id = this.#nextId();
    return (await this.#ask({ id, kind: 'compare', password, hash })).isRight === true;
  }

  async hash(password: string, cost: number): Promise<string> {
    const id = this.#nextId();
    return (await this.#ask({ id, kind: 'hash', password, cost })).hash ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idle);
    await this.#end(new Error('the registry is closing'));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  async #ask(task: HashingTask): Promise<HashingAnswer> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const waiter: Waiter = Promise.withResolvers();
    this.#waiters.set(task.id, waiter);
    this.#worker.postMessage(task, []);
    return await waiter.promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./password-hashing.worker.ts', import.meta.url));
    worker.unref();
    worker.on('message', (answer: HashingAnswer) => this.#settle(answer));
    worker.on('error', (error) => {
      if (this.#worker === worker) void this.#end(error);
    });
    return worker;
  }

  #settle(answer: HashingAnswer): void {
    this.#waiters.get(answer.id)?.resolve(answer);
    this.#waiters.delete(answer.id);
    if (this.#waiters.size > 0) return;
    this.#idle = setTimeout(() => void this.#end(new Error('idle')), idleMs).unref();
  }

  async #end(reason: unknown): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    for (const waiter of this.#waiters.values()) waiter.reject(reason);
    this.#waiters.clear();
    await worker?.terminate();
  }
}
