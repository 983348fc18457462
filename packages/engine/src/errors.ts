import { EngineError } from '@gantry/base';

/** Two engines on one data root would undo each other's work. */
export class DataRootLockedError extends EngineError {
  override readonly name = 'DataRootLockedError';
  constructor(dataRoot: string) {
    super('conflict', 'data-root-locked', `another engine is running on the data root ${dataRoot}`, {
      details: { dataRoot },
    });
  }
}

/** The cgroup driver that was asked for is unknown, or this machine does not have it. */
export class CgroupDriverError extends EngineError {
  override readonly name = 'CgroupDriverError';
  constructor(message: string) {
    super('invalid', 'cgroup-driver', message);
  }
}

/** `seccomp-profile` of the daemon: the file cannot be read, or is no profile. */
export class SeccompProfileError extends EngineError {
  override readonly name = 'SeccompProfileError';
  constructor(file: string, problem: string, cause: unknown) {
    super('invalid', 'seccomp-profile', `opening seccomp profile (${file}) failed: ${problem}`, { cause });
  }
}

/** What is not this engine's to make: a predefined network, or one of a swarm. The messages are Docker's. */
export class ForbiddenNetworkError extends EngineError {
  override readonly name = 'ForbiddenNetworkError';
  constructor(message: string) {
    super('forbidden', 'forbidden-network', message);
  }
}

/** An option of a network, or the daemon's default for it, is not what it must be. */
export class InvalidNetworkOptionError extends EngineError {
  override readonly name = 'InvalidNetworkOptionError';
  constructor(message: string) {
    super('invalid', 'invalid-network-option', message);
  }
}

/** The users of `--userns-remap` are not to be had; dockerd's words. */
export class UserRemapError extends EngineError {
  override readonly name = 'UserRemapError';
  constructor(fact: string) {
    super('invalid', 'user-remap', fact);
  }
}

/** A search that cannot be asked. The messages are Docker's. */
export class InvalidSearchError extends EngineError {
  override readonly name = 'InvalidSearchError';
  constructor(message: string) {
    super('invalid', 'search-invalid', message);
  }
}
