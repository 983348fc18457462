import { EngineError } from '@gantry/base';

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
