import type { HostConfig } from '@gantry/api-types';
import type { InitDefaults, InitProgram } from '../../environment.ts';
import { InitMissingError } from '../../errors.ts';

/** Throws `InitMissingError` when a container asks for an init program that this host does not have. */
export function checkInit({ Init: wanted }: HostConfig, program: InitProgram): void {
  if (wanted === true) usable(program);
}

/**
 * The init program of a container's next run: asked for by itself, or by the engine's default. One that shares another's
 * process namespace is not the first process there, and gets none, as with Docker. Throws `InitMissingError`.
 */
export function initPathOf(
  { Init: wanted, PidMode: pidMode = '' }: HostConfig,
  { program, always }: InitDefaults,
): string | undefined {
  if (!(wanted ?? always) || pidMode !== '') return undefined;
  return usable(program);
}

function usable(program: InitProgram): string {
  if ('problem' in program) throw new InitMissingError(program.problem);
  return program.path;
}
