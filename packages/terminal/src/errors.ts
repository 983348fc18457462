import { EngineError } from '@gantry/base';

/** A format template that cannot be parsed or run; the message is worded as Go's text/template words it. */
export class TemplateError extends EngineError {
  /** True when the text is malformed, false when it failed on a value. */
  readonly parsing: boolean;

  constructor(message: string, parsing: boolean) {
    super('invalid', 'template-error', message);
    this.parsing = parsing;
  }
}

/** The reader of our output has gone (EPIPE). */
export class OutputClosedError extends EngineError {
  constructor(fd: number, cause: unknown) {
    super('cancelled', 'output-closed', `the reader of descriptor ${fd} has gone`, {
      cause,
      details: { fd },
    });
  }
}
