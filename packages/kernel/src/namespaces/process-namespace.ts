import { Descriptor, openPath } from '../files/descriptor.ts';
import { openFlags } from '../files/flags.ts';

/** Names of namespaces as proc_pid_ns(5) has them. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'user' | 'uts';

/** A namespace that exists while this is open, whether or not a process is in it. */
export class ProcessNamespace implements Disposable {
  readonly #descriptor: Descriptor;

  /** The namespace that process `pid` is in at this moment. Throws ENOENT when there is no such process. */
  constructor(pid: number, kind: NamespaceKind) {
    this.#descriptor = new Descriptor(openPath(`/proc/${pid}/ns/${kind}`, openFlags.readOnly));
  }

  /** A path by which other processes of root reach it while this is open. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#descriptor.fd}`;
  }

  [Symbol.dispose](): void {
    this.#descriptor.close();
  }
}
