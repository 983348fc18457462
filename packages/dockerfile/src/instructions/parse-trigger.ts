import { DockerfileError } from '../errors.ts';
import { readFragment } from '../text/statements.ts';
import type { Instruction } from './instruction.ts';
import { parseInstruction } from './parse-instruction.ts';

/**
 * The instruction that an image's ONBUILD trigger holds, for the stage that is built on the image. Throws `DockerfileError`
 * where the text is not one instruction that a trigger may be.
 */
export function parseTrigger(trigger: string): Instruction {
  const statements = readFragment(trigger);
  const [statement] = statements;
  const lines = { first: 1, last: 1 };
  if (statement === undefined || statements.length > 1)
    throw new DockerfileError(`ONBUILD trigger is not one instruction: ${trigger}`, lines);
  const instruction = parseInstruction(statement, '\\');
  if (instruction.name === 'FROM' || instruction.name === 'ONBUILD' || instruction.name === 'MAINTAINER')
    throw new DockerfileError(`${instruction.name} isn't allowed as an ONBUILD trigger`, lines);
  return instruction;
}
