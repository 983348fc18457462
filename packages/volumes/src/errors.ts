import { EngineError, errorKind, errorMessage } from '@gantry/base';

export class VolumeNotFoundError extends EngineError {
  override readonly name = 'VolumeNotFoundError';
  constructor(volumeName: string) {
    super('not-found', 'volume-not-found', `get ${volumeName}: no such volume`, { details: { volumeName } });
  }
}

export class VolumeInUseError extends EngineError {
  override readonly name = 'VolumeInUseError';
  constructor(volumeName: string, containerIds: readonly string[]) {
    super(
      'conflict',
      'volume-in-use',
      `remove ${volumeName}: volume is in use - [${containerIds.join(', ')}]`,
      { details: { volumeName, containerIds } },
    );
  }
}

export class InvalidVolumeNameError extends EngineError {
  override readonly name = 'InvalidVolumeNameError';
  constructor(volumeName: string, reason: string) {
    super('invalid', 'invalid-volume-name', `create ${volumeName}: ${reason}`, { details: { volumeName } });
  }
}

/** Another driver has the name, or had it and containers still use it. Docker's words. */
export class VolumeNameTakenError extends EngineError {
  override readonly name = 'VolumeNameTakenError';
  constructor(volumeName: string, fact: string) {
    super('conflict', 'volume-name-taken', `create ${volumeName}: ${fact}: volume name must be unique`, {
      details: { volumeName },
    });
  }
}

/** An option that the local driver does not have, or a value that it cannot use. Docker's words. */
export class InvalidVolumeOptionError extends EngineError {
  override readonly name = 'InvalidVolumeOptionError';
  constructor(fact: string) {
    super('invalid', 'invalid-volume-option', fact);
  }
}

/** There is no driver of that name. Docker's words. */
export class VolumeDriverNotFoundError extends EngineError {
  override readonly name = 'VolumeDriverNotFoundError';
  constructor(driver: string, cause: unknown) {
    super(
      errorKind(cause),
      'volume-driver-not-found',
      `error looking up volume plugin ${driver}: ${errorMessage(cause)}`,
      {
        details: { driver },
        cause,
      },
    );
  }
}

/** The driver did not do what it was asked for, with Docker's prefix: `create data: …`. */
export class VolumeOperationError extends EngineError {
  override readonly name = 'VolumeOperationError';
  constructor(operation: 'create' | 'list' | 'remove', subject: string, cause: unknown) {
    super(errorKind(cause), 'volume-operation-failed', `${operation} ${subject}: ${errorMessage(cause)}`, {
      details: { subject },
      cause,
    });
  }
}

/** Whether there is such a volume is for a driver to say that cannot be asked. Docker's words. */
export class VolumeUnknownError extends EngineError {
  override readonly name = 'VolumeUnknownError';
  constructor(volumeName: string, driver: string, cause: unknown) {
    const question = `error while checking if volume "${volumeName}" exists in driver "${driver}"`;
    super(errorKind(cause), 'volume-unknown', `get ${volumeName}: ${question}: ${errorMessage(cause)}`, {
      details: { volumeName, driver },
      cause,
    });
  }
}

/** A volume could not be mounted; Docker's words. */
export class VolumeMountError extends EngineError {
  override readonly name = 'VolumeMountError';
  constructor(volumeName: string, where: string, cause: unknown) {
    super(
      'internal',
      'volume-mount-failed',
      `error while mounting volume '${where}': ${errorMessage(cause)}`,
      {
        details: { volumeName },
        cause,
      },
    );
  }
}

/** Something is mounted where a volume's directory is to be deleted. */
export class VolumeMountedError extends EngineError {
  override readonly name = 'VolumeMountedError';
  constructor(target: string) {
    super('conflict', 'volume-mounted', `${target} is a mount point: unmount it first`, {
      details: { target },
    });
  }
}

/** A plugin's answer is not what its protocol says. */
export class PluginAnswerError extends EngineError {
  override readonly name = 'PluginAnswerError';
  constructor(driver: string, fact: string) {
    super('internal', 'plugin-answer', `volume plugin ${driver}: ${fact}`, { details: { driver } });
  }
}
