import { EngineError } from '@gantry/base';

/** A process could not be started. The message is what Docker says; `exitCode` is what its CLI exits with. */
export class StartFailedError extends EngineError {
  override readonly name = 'StartFailedError';
  /** 126: found and not executable. 127: not found. 128: anything else. */
  readonly exitCode: 126 | 127 | 128;
  constructor(exitCode: 126 | 127 | 128, message: string, subject: string) {
    super(exitCode === 128 ? 'internal' : 'invalid', 'start-failed', message, {
      details: { exitCode, subject },
    });
    this.exitCode = exitCode;
  }
}

/** The container has no running init: it never started, or it has ended. */
export class ProcessGoneError extends EngineError {
  override readonly name = 'ProcessGoneError';
  constructor(containerId: string) {
    super('conflict', 'process-gone', `container ${containerId} is not running`);
  }
}

/** Processes of this container are there already. */
export class AlreadyStartedError extends EngineError {
  override readonly name = 'AlreadyStartedError';
  constructor(containerId: string) {
    super('conflict', 'already-started', `container ${containerId} was started and not removed`);
  }
}

/** A directory above the exec root keeps the root of a container's user namespace out. */
export class UnreachableRootError extends EngineError {
  override readonly name = 'UnreachableRootError';
  constructor(directory: string, { uid, gid }: { uid: number; gid: number }) {
    super(
      'invalid',
      'unreachable-root',
      `${directory} restricts access to the remapped root uid/gid ${uid}:${gid}: please allow 'o+x' on it, or choose another exec root`,
      { details: { directory, uid, gid } },
    );
  }
}

/** Nothing can be run in a frozen container. */
export class ContainerPausedError extends EngineError {
  override readonly name = 'ContainerPausedError';
  constructor(containerId: string) {
    super(
      'conflict',
      'container-paused',
      `container ${containerId} is paused, unpause the container before exec`,
    );
  }
}

/** runc hands a terminal over only to a caller that it does not wait for, and then nobody knows the exit code. */
export class TerminalNeedsCrunError extends EngineError {
  override readonly name = 'TerminalNeedsCrunError';
  constructor(program: string) {
    super(
      'not-implemented',
      'terminal-needs-crun',
      `a terminal needs the OCI runtime crun: ${program} is in use`,
    );
  }
}

export class NoTerminalError extends EngineError {
  override readonly name = 'NoTerminalError';
  constructor(subject: string) {
    super('invalid', 'no-terminal', `${subject} has no terminal`);
  }
}

/** The process ended or its input was ended: nobody will read it. */
export class InputClosedError extends EngineError {
  override readonly name = 'InputClosedError';
  constructor(subject: string) {
    super('conflict', 'input-closed', `the input of ${subject} is closed`);
  }
}

/** The output of a process has one reader at a time. */
export class OutputTakenError extends EngineError {
  override readonly name = 'OutputTakenError';
  constructor(subject: string) {
    super('conflict', 'output-taken', `the output of ${subject} is being read already`);
  }
}

/** An id that could not be a file name. */
export class InvalidIdError extends EngineError {
  override readonly name = 'InvalidIdError';
  constructor(id: string) {
    super('invalid', 'invalid-id', `${JSON.stringify(id.slice(0, 80))} is no container or exec id`);
  }
}

/** No OCI runtime of that name on this machine. */
export class RuntimeNotFoundError extends EngineError {
  override readonly name = 'RuntimeNotFoundError';
  constructor(name: string) {
    super('unavailable', 'runtime-not-found', `OCI runtime ${name} is not installed`);
  }
}

/** A container's runtime is not configured (any more); Docker's words. */
export class UnknownRuntimeError extends EngineError {
  override readonly name = 'UnknownRuntimeError';
  constructor(name: string) {
    super('invalid', 'unknown-runtime', `unknown or invalid runtime name: ${name}`, {
      details: { runtime: name },
    });
  }
}

/** An OCI runtime command that is not expected to fail did. */
export class RuntimeCommandError extends EngineError {
  override readonly name = 'RuntimeCommandError';
  constructor(command: string, exitCode: number, text: string) {
    super('internal', 'runtime-command', `${command} failed with ${exitCode}: ${text}`);
  }
}
