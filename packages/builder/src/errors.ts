import { EngineError, errorKind, errorMessage } from '@gantry/base';
import type { LineRange } from '@gantry/dockerfile';
import { formatPlatform, hostPlatform, type Platform } from '@gantry/oci';

/** A build request, or an instruction that asks for what cannot be. The message is Docker's where there is one. */
export class InvalidBuildError extends EngineError {
  override readonly name = 'InvalidBuildError';
  constructor(message: string, lines?: LineRange) {
    super('invalid', 'build-invalid', message, lines === undefined ? {} : { details: { line: lines.first } });
  }
}

/** Something that Docker builds with and this builder does not yet. */
export class BuildOptionNotBuiltError extends EngineError {
  override readonly name = 'BuildOptionNotBuiltError';
  constructor(option: string) {
    super('not-implemented', 'build-option-not-built', `${option} is not supported yet`, {
      details: { option },
    });
  }
}

/** An image that a build stands on or takes files from, and that cannot be had. */
export class BaseImageError extends EngineError {
  override readonly name = 'BaseImageError';
  constructor(reference: string, wholeName: string, cause: unknown) {
    const message = `${reference}: failed to resolve source metadata for ${wholeName}: ${errorMessage(cause)}`;
    super(errorKind(cause), 'build-base-unavailable', message, { cause, details: { reference } });
  }
}

/** The command of a RUN ended with another code than 0. The message is Docker's. */
export class BuildCommandError extends EngineError {
  override readonly name = 'BuildCommandError';
  readonly command: readonly string[];
  readonly exitCode: number;
  constructor(command: readonly string[], exitCode: number, options: { cause?: unknown } = {}) {
    const message = `The command '${command.join(' ')}' returned a non-zero code: ${exitCode}`;
    super('invalid', 'build-command-failed', message, { ...options, details: { exitCode } });
    this.command = command;
    this.exitCode = exitCode;
  }
}

/** A source of COPY or ADD that is not there. The message is Docker's. */
export class SourceNotFoundError extends EngineError {
  override readonly name = 'SourceNotFoundError';
  readonly source: string;
  constructor(instruction: string, source: string) {
    const where = 'file not found in build context or excluded by .dockerignore';
    const message = `${instruction} failed: ${where}: stat ${source}: file does not exist`;
    super('not-found', 'build-source-not-found', message, { details: { source } });
    this.source = source;
  }
}

/** A RUN for a platform whose programs this host cannot start. */
export class EmulatorMissingError extends EngineError {
  override readonly name = 'EmulatorMissingError';
  /** `movable`: an emulator that is registered, but not for other root file systems. */
  constructor(platform: Platform, movable?: string) {
    const wanted = formatPlatform(platform);
    const host = formatPlatform(hostPlatform());
    const why =
      movable === undefined
        ? `none is registered for ${platform.architecture} in /proc/sys/fs/binfmt_misc (the package qemu-user-static does that)`
        : `${movable} in /proc/sys/fs/binfmt_misc is registered without the flag F`;
    const message = `exec format error: this host (${host}) runs commands for ${wanted} by an emulator alone, and ${why}`;
    super('invalid', 'build-emulator-missing', message, { details: { platform: wanted } });
  }
}
