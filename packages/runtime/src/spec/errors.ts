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
