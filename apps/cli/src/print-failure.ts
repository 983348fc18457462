import { errorMessage } from '@gantry/base';
import type { Output } from '@gantry/terminal';
import { apiStatus, isEngineError } from './errors.ts';

interface FailureContext {
  /** The command as it was typed; empty when none was found. */
  readonly name: string;
  readonly stderr: Output;
  /** Adds where in the program it failed. */
  readonly debug: boolean;
}

/** Prints why a command failed, as Docker's client does, and returns the exit code. */
export function printFailure(error: unknown, { name, stderr, debug }: FailureContext): number {
  const code = codeOf(error);
  if (code === 'output-closed') return brokenPipeExitCode;
  if (code === 'silent-exit') return exitCodeOf(error);
  const program = name === '' ? 'gantry' : `gantry ${name}`;
  const hint = `\n\nRun '${program} --help' for more information\n`;
  try {
    if (code === 'bad-usage') {
      const aboutArguments = (error as { aboutArguments?: boolean }).aboutArguments === true;
      const usage = usageLine(error) ?? program;
      stderr.write(`${aboutArguments ? 'gantry: ' : ''}${errorMessage(error)}\n\nUsage:  ${usage}${hint}`);
    } else if (isRunFailure(error, name)) {
      stderr.write(`gantry: ${failureText(error)}${hint}`);
    } else {
      stderr.write(`${failureText(error)}\n`);
    }
    if (!(isEngineError(error) || isSystemError(error)) || debug)
      stderr.write(`${(error as Error).stack ?? ''}\n`);
  } catch {
    return exitCodeOf(error);
  }
  return exitCodeOf(error);
}

/** The message of a failure, with Docker's words in front when the engine told it. */
export function failureText(error: unknown): string {
  const message = errorMessage(error);
  return apiStatus(error) === undefined ? message : `Error response from daemon: ${message}`;
}

/** A container did not run: Docker prints its own name in front and points to the help. */
function isRunFailure(error: unknown, name: string): boolean {
  if (exitCodeOf(error) < leastRunFailure) return false;
  return /^(?:container )?(?:run|create)$/.test(name);
}

/** What the kernel said no to: it is nobody's mistake in here. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

function exitCodeOf(error: unknown): number {
  const { exitCode } = error as { exitCode?: unknown };
  return typeof exitCode === 'number' ? exitCode : 1;
}

function codeOf(error: unknown): string | undefined {
  return isEngineError(error) ? error.code : undefined;
}

function usageLine(error: unknown): string | undefined {
  const { usage } = error as { usage?: unknown };
  return typeof usage === 'string' ? usage : undefined;
}

/** Exit codes from here on tell why a container did not run. */
const leastRunFailure = 125;
/** As a program that SIGPIPE killed. */
const brokenPipeExitCode = 141;
