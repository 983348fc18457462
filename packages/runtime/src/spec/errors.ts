import { EngineError } from '@gantry/base';

/** setrlimit(2): only CAP_SYS_RESOURCE raises a hard limit. */
export class LimitNotRaisableError extends EngineError {
  override readonly name = 'LimitNotRaisableError';
  constructor(type: string, wanted: number, own: number) {
    super(
      'forbidden',
      'limit-not-raisable',
      `cannot raise the hard limit ${type} from ${own} to ${wanted}: the engine lacks CAP_SYS_RESOURCE`,
      { details: { type, wanted, own } },
    );
  }
}

/** `--security-opt seccomp=`: the profile is not one. */
export class InvalidSeccompProfileError extends EngineError {
  override readonly name = 'InvalidSeccompProfileError';
  constructor(message: string) {
    super('invalid', 'invalid-seccomp-profile', message);
  }
}

/** `--device`: the host has no such device. The message is Docker's. */
export class DeviceNotFoundError extends EngineError {
  override readonly name = 'DeviceNotFoundError';
  constructor(path: string, fact: string) {
    super(
      'invalid',
      'device-not-found',
      `error gathering device information while adding custom device ${JSON.stringify(path)}: ${fact}`,
      { details: { path } },
    );
  }
}
