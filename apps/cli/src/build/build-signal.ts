/** Aborts when the user interrupts; a second interrupt ends the program at once. */
export function buildSignal(): AbortSignal {
  const controller = new AbortController();
  const cancel = (): void => {
    process.once('SIGINT', () => process.exit(interruptedExitCode));
    controller.abort(new BuildInterruption());
  };
  process.once('SIGINT', cancel);
  process.once('SIGTERM', cancel);
  return controller.signal;
}

/** The user did not want to wait. */
export class BuildInterruption extends Error {
  override readonly name = 'BuildInterruption';
  constructor() {
    super('context canceled');
  }
}

export const interruptedExitCode = 130;
