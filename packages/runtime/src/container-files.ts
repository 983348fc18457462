import { readdirSync, rmSync } from 'node:fs';
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
  /** The OCI runtime's own state (`--root`). */
  readonly state: string;

  constructor(execRoot: string, runtimeName: string) {
    this.containers = path.join(execRoot, 'containers');
    this.events = path.join(execRoot, 'events');
    this.execs = path.join(execRoot, 'execs');
    this.state = path.join(execRoot, runtimeName);
  }

  container(containerId: string): ContainerFiles {
    checkId(containerId);
    return new ContainerFiles(path.join(this.containers, containerId), this.events, containerId);
  }

  /** Files of an earlier engine's execs: nobody asks for those any more, though their processes may run on. */
  forgetExecs(): void {
    for (const name of readdirSync(this.execs)) rmSync(path.join(this.execs, name), { recursive: true });
    for (const name of readdirSync(this.events)) {
      if (name.startsWith(execPrefix)) rmSync(path.join(this.events, name), { force: true });
    }
  }

  exec(execId: string): ExecFiles {
    checkId(execId);
    return new ExecFiles(path.join(this.execs, execId), this.events, execId);
  }
}

/** Files of one container. The folder is also the OCI bundle. */
export class ContainerFiles {
  readonly containerId: string;
  readonly directory: string;
  /** The OCI spec. */
  readonly config: string;
  /** A `StartRecord`: written whole before the first process exists. */
  readonly record: string;
  /** FIFOs. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdin: string;
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
  /** Written by the OCI runtime: pid of init. */
  readonly initPid: string;
  /** Written by the shim: exit code. */
  readonly exit: string;
  /** Names of the two in the events folder. */
  readonly pidEvent: string;
  readonly exitEvent: string;

  constructor(directory: string, events: string, containerId: string) {
    const inside = (name: string): string => path.join(directory, name);
    this.containerId = containerId;
    this.directory = directory;
    this.config = inside('config.json');
    this.record = inside('start.json');
    this.stdout = inside('stdout');
    this.stderr = inside('stderr');
    this.stdin = inside('stdin');
    this.sleep = inside('sleep');
    this.nullDevice = inside('null');
    this.shimPid = inside('shim.pid');
    this.holderPid = inside('holder.pid');
    this.log = inside('log');
    this.console = inside('console');
    this.pidEvent = `${containerId}.pid`;
    this.exitEvent = `${containerId}.exit`;
    this.initPid = path.join(events, this.pidEvent);
    this.exit = path.join(events, this.exitEvent);
  }
}

/** Files of one exec. */
export class ExecFiles {
  readonly execId: string;
  readonly directory: string;
  /** The OCI process. */
  readonly process: string;
  readonly nullDevice: string;
  readonly log: string;
  readonly console: string;
  readonly pid: string;
  readonly eventName: string;

  constructor(directory: string, events: string, execId: string) {
    this.execId = execId;
    this.directory = directory;
    this.process = path.join(directory, 'process.json');
    this.nullDevice = path.join(directory, 'null');
    this.log = path.join(directory, 'log');
    this.console = path.join(directory, 'console');
    this.eventName = `${execPrefix}${execId}.pid`;
    this.pid = path.join(events, this.eventName);
  }
}

/** No container's file: `checkId` allows no such start. */
const execPrefix = '-exec-';

function checkId(id: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(id)) throw new InvalidIdError(id);
}
