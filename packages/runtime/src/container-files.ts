import path from 'node:path';
import { InvalidIdError } from './errors.ts';

/**
 * Where the runtime keeps what on disk. `events` is one folder for all containers, so that one inotify watch sees every
 * start and exit; its files are named by container.
 */
export class RuntimeFolders {
  readonly containers: string;
  readonly events: string;
  readonly execs: string;
  /** Where root file systems are for the moment of a start, whose containers have users of their own. */
  readonly roots: string;
  /** The OCI runtime's own state (`--root`). */
  readonly state: string;

  constructor(execRoot: string, runtimeName: string) {
    this.containers = path.join(execRoot, 'containers');
    this.events = path.join(execRoot, 'events');
    this.execs = path.join(execRoot, 'execs');
    this.roots = path.join(execRoot, 'roots');
    this.state = path.join(execRoot, runtimeName);
  }

  container(containerId: string): ContainerFiles {
    checkId(containerId);
    return new ContainerFiles(path.join(this.containers, containerId), this.events, containerId);
  }

  exec(execId: string): ExecFiles {
    checkId(execId);
    return new ExecFiles(path.join(this.execs, execId), this.events, execId);
  }
}

/** Files of one process that a shim keeps: a container's init, or an exec. */
abstract class ProcessFiles {
  readonly directory: string;
  /** What a later engine has to know of the start: written whole before the first process exists. */
  readonly record: string;
  /** FIFOs. */
  readonly stdout: string;
  readonly stderr: string;
  /** A FIFO nobody ever writes: the shim and the holder sleep on it. */
  readonly sleep: string;
  /** Stdin of a process that has none. */
  readonly nullDevice: string;
  /** Written by the shim and the holder themselves, before anything else they do. */
  readonly shimPid: string;
  readonly holderPid: string;
  /** What the OCI runtime says (`--log`). */
  readonly log: string;
  readonly console: string;
  /** Written by the OCI runtime: pid of the process. */
  readonly initPid: string;
  /** Written by the shim: exit code. */
  readonly exit: string;
  /** Names of the two in the events folder. */
  readonly pidEvent: string;
  readonly exitEvent: string;

  constructor(directory: string, events: string, eventName: string) {
    const inside = (name: string): string => path.join(directory, name);
    this.directory = directory;
    this.record = inside('start.json');
    this.stdout = inside('stdout');
    this.stderr = inside('stderr');
    this.sleep = inside('sleep');
    this.nullDevice = inside('null');
    this.shimPid = inside('shim.pid');
    this.holderPid = inside('holder.pid');
    this.log = inside('log');
    this.console = inside('console');
    this.pidEvent = `${eventName}.pid`;
    this.exitEvent = `${eventName}.exit`;
    this.initPid = path.join(events, this.pidEvent);
    this.exit = path.join(events, this.exitEvent);
  }
}

export type { ProcessFiles };

/** Files of one container; the record is a `StartRecord`. The folder is also the OCI bundle. */
export class ContainerFiles extends ProcessFiles {
  readonly containerId: string;
  /** The OCI spec. */
  readonly config: string;
  /** A FIFO. */
  readonly stdin: string;

  constructor(directory: string, events: string, containerId: string) {
    super(directory, events, containerId);
    this.containerId = containerId;
    this.config = path.join(directory, 'config.json');
    this.stdin = path.join(directory, 'stdin');
  }
}

/** Files of one exec; the record is an `ExecStartRecord`. */
export class ExecFiles extends ProcessFiles {
  readonly execId: string;
  /** The OCI process. */
  readonly process: string;

  constructor(directory: string, events: string, execId: string) {
    super(directory, events, `${execPrefix}${execId}`);
    this.execId = execId;
    this.process = path.join(directory, 'process.json');
  }
}

/** No container's file: `checkId` allows no such start. */
const execPrefix = '-exec-';

function checkId(id: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(id)) throw new InvalidIdError(id);
}
