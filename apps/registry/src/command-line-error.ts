import { EngineError } from '@gantry/base';

/** Words on the command line that cannot be meant. */
export class CommandLineError extends EngineError {
  override readonly name = 'CommandLineError';
  constructor(message: string) {
    super('invalid', 'registry-command-line', message);
  }
}
