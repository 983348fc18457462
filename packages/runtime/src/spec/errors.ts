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

/** `--gpus` and the like: nothing on this host serves the wish. The message is Docker's. */
export class DeviceDriverMissingError extends EngineError {
  override readonly name = 'DeviceDriverMissingError';
  constructor(driver: string, capabilities: readonly (readonly string[])[]) {
    const sets = capabilities.map((set) => `[${set.join(' ')}]`).join(' ');
    super(
      'internal',
      'device-driver-missing',
      `could not select device driver ${JSON.stringify(driver)} with capabilities: [${sets}]`,
    );
  }
}

/** A device by a specification file asks for what is not built. */
export class DeviceEditNotBuiltError extends EngineError {
  override readonly name = 'DeviceEditNotBuiltError';
  constructor(device: string, edit: string) {
    super(
      'not-implemented',
      'device-edit-not-built',
      `CDI device injection failed: ${edit} of ${device} is not built yet`,
      { details: { device, edit } },
    );
  }
}

/** `--device vendor.com/class=name`: no specification file describes them. The message is Docker's. */
export class DeviceInjectionError extends EngineError {
  override readonly name = 'DeviceInjectionError';
  constructor(names: readonly string[]) {
    super(
      'invalid',
      'device-injection',
      `CDI device injection failed: unresolvable CDI devices ${names.join(', ')}`,
      { details: { devices: names } },
    );
  }
}
