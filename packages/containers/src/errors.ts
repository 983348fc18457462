import { EngineError, errorKind, errorMessage } from '@gantry/base';

export class ContainerNotFoundError extends EngineError {
  override readonly name = 'ContainerNotFoundError';
  constructor(ref: string) {
    super('not-found', 'container-not-found', `No such container: ${ref}`, { details: { ref } });
  }
}

export class AmbiguousContainerError extends EngineError {
  override readonly name = 'AmbiguousContainerError';
  constructor(prefix: string) {
    super('invalid', 'ambiguous-container', `multiple IDs found with provided prefix: ${prefix}`);
  }
}

export class InvalidContainerNameError extends EngineError {
  override readonly name = 'InvalidContainerNameError';
  constructor(name: string) {
    super(
      'invalid',
      'invalid-container-name',
      `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
}

export class ContainerNameInUseError extends EngineError {
  override readonly name = 'ContainerNameInUseError';
  constructor(name: string, holderId: string) {
    super(
      'conflict',
      'container-name-in-use',
      `Conflict. The container name "/${name}" is already in use by container "${holderId}". ` +
        'You have to remove (or rename) that container to be able to reuse that name.',
      { details: { name, holderId } },
    );
  }
}

/** A value of a create request (or another request) breaks a rule; the message says which, in Docker's words. */
export class InvalidOptionError extends EngineError {
  override readonly name = 'InvalidOptionError';
  constructor(message: string, details: { option?: string } = {}) {
    super('invalid', 'invalid-option', message, { details });
  }
}

/** Docker knows the option and Gantry does not do it yet. */
export class OptionNotBuiltError extends EngineError {
  override readonly name = 'OptionNotBuiltError';
  constructor(option: string, value?: string) {
    const shown = value === undefined ? '' : ` (${value})`;
    super('not-implemented', 'option-not-built', `option ${option}${shown} is not implemented`, {
      details: { option },
    });
  }
}

/** Who shares the namespaces of another container must have its users. */
export class ForeignUsersError extends EngineError {
  override readonly name = 'ForeignUsersError';
  constructor(containerId: string, peerId: string) {
    super(
      'invalid',
      'foreign-users',
      `container ${containerId} cannot join namespaces of container ${peerId}: the two have different user namespaces (--userns)`,
      { details: { containerId, peerId } },
    );
  }
}

/** The log driver keeps nothing that could be read here. Docker's words. */
export class LogNotReadableError extends EngineError {
  override readonly name = 'LogNotReadableError';
  constructor() {
    super('not-implemented', 'log-not-readable', 'configured logging driver does not support reading');
  }
}

export class InvalidFilterError extends EngineError {
  override readonly name = 'InvalidFilterError';
  constructor(message: string) {
    super('invalid', 'invalid-filter', message);
  }
}

/** The container's state stands in the way: it runs, does not run, is paused, is being removed. */
export class ContainerStateError extends EngineError {
  override readonly name = 'ContainerStateError';
  constructor(containerId: string, message: string) {
    super('conflict', 'container-state', message, { details: { containerId } });
  }
}

/** Its first process does not end by SIGKILL: the kernel holds it. */
export class KillWithoutEndError extends EngineError {
  override readonly name = 'KillWithoutEndError';
  constructor(containerId: string) {
    super('internal', 'kill-without-end', 'tried to kill container, but did not receive an exit event', {
      details: { containerId },
    });
  }
}

/** The container already is as asked: the reply is 304 and has no body. */
export class ContainerUnchangedError extends EngineError {
  override readonly name = 'ContainerUnchangedError';
  constructor(containerId: string, message: string) {
    super('not-modified', 'container-unchanged', message, { details: { containerId } });
  }
}

/** A start cannot join another container's namespace: that one does not run, or does not share it. */
export class NamespaceJoinError extends EngineError {
  override readonly name = 'NamespaceJoinError';
  constructor(kind: 'invalid' | 'conflict', namespace: 'IPC' | 'PID', fact: string) {
    super(kind, 'namespace-join', `failed to join ${namespace} namespace: ${fact}`);
  }
}

/** The host's kernel has no such security module: Docker would ignore the option. */
export class SecurityModuleMissingError extends EngineError {
  override readonly name = 'SecurityModuleMissingError';
  constructor(module: 'AppArmor' | 'SELinux', option: string) {
    super(
      'invalid',
      'security-module-missing',
      `--security-opt ${option}: ${module} is not enabled on this host`,
      { details: { option } },
    );
  }
}

/** A transition that no state allows: a defect of ours, never a user's mistake. */
export class IllegalTransitionError extends EngineError {
  override readonly name = 'IllegalTransitionError';
  constructor(status: string, event: string) {
    super('internal', 'illegal-transition', `a container that is ${status} cannot take '${event}'`);
  }
}

/** A stored record is not what it must be; the container is left aside and reported. */
export class DamagedRecordError extends EngineError {
  override readonly name = 'DamagedRecordError';
  constructor(containerId: string, fact: string) {
    super('corrupt', 'damaged-container-record', `record of container ${containerId} is damaged: ${fact}`, {
      details: { containerId },
    });
  }
}

/** The kernel did not take the limits of an update; the container has those it had. */
export class UpdateRefusedError extends EngineError {
  override readonly name = 'UpdateRefusedError';
  constructor(what: string, cause: unknown) {
    super(errorKind(cause), 'update-refused', `${what}: ${errorMessage(cause)}`, { cause });
  }
}

export class ExecNotFoundError extends EngineError {
  override readonly name = 'ExecNotFoundError';
  constructor(id: string) {
    super('not-found', 'exec-not-found', `No such exec instance: ${id}`, { details: { execId: id } });
  }
}

/** An exec was started twice, or is not in the state that the call needs. */
export class ExecStateError extends EngineError {
  override readonly name = 'ExecStateError';
  constructor(id: string, message: string) {
    super('conflict', 'exec-state', message, { details: { execId: id } });
  }
}

/** A user or group that the image's passwd and group files do not have. */
export class UnknownUserError extends EngineError {
  override readonly name = 'UnknownUserError';
  constructor(message: string) {
    super('invalid', 'unknown-user', message);
  }
}

/** A client that attached and does not read was cut off, so that the container and its log go on. */
export class SlowClientError extends EngineError {
  override readonly name = 'SlowClientError';
  constructor(containerId: string, stallSeconds: number) {
    super(
      'exhausted',
      'slow-client',
      `the client read nothing for ${stallSeconds} seconds and was detached; the log of container ${containerId} has all output`,
      { details: { containerId } },
    );
  }
}

/** `top` could not be answered: ps is missing, fails, or prints no PID column. */
export class ProcessListError extends EngineError {
  override readonly name = 'ProcessListError';
  constructor(message: string) {
    super('invalid', 'process-list', message);
  }
}

/** A start could not give the container its networks; the kind is the cause's, the words before its message are Docker's. */
export class NetworkSetupError extends EngineError {
  override readonly name = 'NetworkSetupError';
  constructor(cause: unknown) {
    super(
      errorKind(cause),
      'network-setup',
      `failed to set up container networking: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** A device by a specification file asks for an interface of the host that a container cannot be given. */
export class NetworkDeviceError extends EngineError {
  override readonly name = 'NetworkDeviceError';
  constructor(interfaceName: string, fact: string, cause?: unknown) {
    super(
      'invalid',
      'network-device',
      `CDI device injection failed: network interface ${JSON.stringify(interfaceName)}: ${fact}`,
      { details: { interfaceName }, cause },
    );
  }
}

/** A container cannot be connected or disconnected as it is; Docker's words, and its status 500. */
export class ContainerNetworkError extends EngineError {
  override readonly name = 'ContainerNetworkError';
  constructor(containerId: string, message: string) {
    super('internal', 'container-network', message, { details: { containerId } });
  }
}

/** A container that is linked to cannot be reached: it does not run, or is not on the default bridge. Docker's words. */
export class LinkError extends EngineError {
  override readonly name = 'LinkError';
  constructor(message: string) {
    super('internal', 'link', message);
  }
}

/** A path that is not in the container. */
export class PathNotFoundError extends EngineError {
  override readonly name = 'PathNotFoundError';
  constructor(path: string, containerRef: string) {
    super('not-found', 'path-not-found', `Could not find the file ${path} in container ${containerRef}`, {
      details: { path, container: containerRef },
    });
  }
}

/** A place of a container that is read-only for it; the message is Docker's. */
export class ReadOnlyPathError extends EngineError {
  override readonly name = 'ReadOnlyPathError';
  constructor(what: 'container rootfs' | 'mounted volume') {
    super('forbidden', 'read-only-path', `${what} is marked read-only`);
  }
}

/** An archive that cannot be unpacked into a container as it is. */
export class ArchiveRefusedError extends EngineError {
  override readonly name = 'ArchiveRefusedError';
  constructor(message: string, details: { entry?: string } = {}) {
    super('invalid', 'archive-refused', message, { details });
  }
}

/** A container is to have an init process, and the host has no program for it. */
export class InitMissingError extends EngineError {
  override readonly name = 'InitMissingError';
  constructor(problem: string) {
    super('unavailable', 'no-init-binary', `--init needs an init program on this host: ${problem}`);
  }
}
