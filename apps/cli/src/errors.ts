import { EngineError, type ErrorKind } from '@gantry/base';

/** A failure that decides the process's exit code by itself. */
export class CommandError extends EngineError {
  readonly exitCode: number;

  constructor(
    exitCode: number,
    message: string,
    options: { kind?: ErrorKind; code?: string; cause?: unknown } = {},
  ) {
    super(options.kind ?? 'invalid', options.code ?? 'command-failed', message, { cause: options.cause });
    this.exitCode = exitCode;
  }
}

/** The command line breaks the grammar: the message is printed with the command's usage. */
export class UsageError extends CommandError {
  /** True when the message is about the arguments, and is printed with the program's name. */
  readonly aboutArguments: boolean;
  /** The usage line to print; set by whoever knows the command. */
  usage: string | undefined;

  constructor(message: string, options: { exitCode: number; aboutArguments?: boolean } = { exitCode: 125 }) {
    super(options.exitCode, message, { code: 'bad-usage' });
    this.aboutArguments = options.aboutArguments ?? false;
  }
}

/** A command or flag of the grammar that this version cannot carry out. */
export class NotBuiltError extends CommandError {
  /** `instead`: what does it meanwhile. */
  constructor(what: string, instead?: string) {
    super(1, `${what} is not built yet${instead === undefined ? '' : `: ${instead}`}`, {
      kind: 'not-implemented',
      code: 'not-built',
    });
  }
}

/** True for errors made on purpose. By shape, since the bundle may hold a class twice. */
export function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && 'kind' in error && 'code' in error && 'details' in error;
}

/** The HTTP status when the engine refused, else undefined. */
export function apiStatus(error: unknown): number | undefined {
  return isEngineError(error) && error.code === 'api-error' ? Number(error.details['status']) : undefined;
}
