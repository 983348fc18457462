import { readSync } from 'node:fs';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { Descriptor } from '../files/descriptor.ts';
import { atFlags } from '../files/flags.ts';

/** System calls of Linux 5.2; the numbers are the same on every architecture. */
const numbers = { moveMount: 429, fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
/** `linux/mount.h`. */
const commands = { setFlag: 0, setString: 1, create: 6 } as const;
const closeOnExec = 1;
const moveFromEmptyPath = 4;

const fsopen = bind('int64_t syscall(int64_t number, const char *type, uint32_t flags)');
const fsconfig = bind(
  'int64_t syscall(int64_t number, int fd, uint32_t command, const char *key, const char *value, int aux)',
);
const fsmount = bind('int64_t syscall(int64_t number, int fd, uint32_t flags, uint32_t attributes)');
const moveMount = bind(
  'int64_t syscall(int64_t number, int from, const char *fromPath, int to, const char *toPath, uint32_t flags)',
);

/** A file system that is being configured (fsopen(2)) and then mounted once. */
export class MountContext implements Disposable {
  readonly #context: Descriptor;
  readonly #target: string;

  /** `target` names the mount in errors. Throws ENODEV for a type that the kernel does not have. */
  constructor(type: string, target: string) {
    this.#target = target;
    this.#context = new Descriptor(check(fsopen(numbers.fsopen, type, closeOnExec), 'fsopen', type));
  }

  setString(key: string, value: string): void {
    this.#configure(commands.setString, key, value);
  }

  setFlag(key: string): void {
    this.#configure(commands.setFlag, key, null);
  }

  /** Creates the file system and mounts it at the target. */
  mountAt(target: string): void {
    this.#configure(commands.create, null, null);
    const fd = fsmount(numbers.fsmount, this.#context.fd, closeOnExec, 0);
    using tree = new Descriptor(check(fd, 'fsmount', target));
    const { currentDirectory } = atFlags;
    const moved = moveMount(numbers.moveMount, tree.fd, '', currentDirectory, target, moveFromEmptyPath);
    check(moved, 'move_mount', target);
  }

  [Symbol.dispose](): void {
    this.#context.close();
  }

  #configure(command: number, key: string | null, value: string | null): void {
    if (fsconfig(numbers.fsconfig, this.#context.fd, command, key, value, 0) >= 0) return;
    const errno = lastErrno();
    const explanation = this.#readLog();
    const said = explanation === '' ? '' : ` (${explanation})`;
    const option = key === null ? '' : ` (${key}${value === null ? '' : `=${value}`})`;
    throw new KernelError('mount', errno, `${this.#target}${option}${said}`);
  }

  /** The context's log: a line a read, ENODATA at the end (fsopen(2)). */
  #readLog(): string {
    const lines: string[] = [];
    const line = Buffer.alloc(4096);
    for (;;) {
      try {
        lines.push(line.toString('utf8', 0, readSync(this.#context.fd, line)).trim());
      } catch {
        return lines.join('; ');
      }
    }
  }
}
