import type { FromInstruction, Instruction } from '../instructions/instruction.ts';
import type { CheckReporter } from './reporter.ts';

/** The comment right above names what it describes. */
export function checkDescription(
  instruction: Instruction | FromInstruction,
  keys: readonly string[],
  reporter: CheckReporter,
): void {
  const [firstWord] = instruction.comments.at(-1)?.split(' ', 1) ?? [];
  if (firstWord === undefined || keys.length === 0 || keys.includes(firstWord)) return;
  const example = keys.length > 1 ? '<arg_key>' : keys[0];
  const message = `Comment for ${instruction.name} should follow the format: \`# ${example} <description>\``;
  reporter.report('InvalidDefinitionDescription', instruction, message);
}
