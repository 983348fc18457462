import { DockerfileError } from './errors.ts';
import type { ArgInstruction, FromInstruction, Instruction } from './instructions/instruction.ts';
import { parseInstruction } from './instructions/parse-instruction.ts';
import { type Directives, readDirectives } from './text/directives.ts';
import { readStatements, type Statement } from './text/statements.ts';

/** What stands between one FROM and the next. */
export interface Stage {
  /** From 0, as `COPY --from=0` counts. */
  readonly index: number;
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile, understood as far as it can be before variables are known. */
export interface Dockerfile {
  readonly directives: Directives;
  /** The ARGs before the first FROM: only FROM sees them, until a stage declares them again. */
  readonly globalArguments: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /** The statements as they are written, for the checks. */
  readonly statements: readonly Statement[];
}

/** A Dockerfile of more bytes than any author writes. */
const maxDockerfileBytes = 8 * 1024 * 1024;

/**
 * Parses a Dockerfile of UTF-8 text, with or without its byte order mark. Throws `DockerfileError` in BuildKit's words, with
 * the lines at fault.
 */
export function parseDockerfile(bytes: Uint8Array): Dockerfile {
  if (bytes.length > maxDockerfileBytes) {
    const reason = `the file has ${bytes.length} bytes, more than ${maxDockerfileBytes}`;
    throw new DockerfileError(reason, { first: 1, last: 1 }, { isOfText: true });
  }
  const text = new TextDecoder().decode(bytes);
  const lines = text.replace(/\n$/, '').split('\n');
  const directives = readDirectives(lines);
  const statements = readStatements(lines, directives);
  if (statements.length === 0) {
    const at = { first: lines.length, last: lines.length };
    const reason = text === '' ? 'the Dockerfile cannot be empty' : 'file with no instructions';
    throw new DockerfileError(reason, at, { isOfText: true });
  }
  const instructions = statements.map((statement) => parseInstruction(statement, directives.escape));
  return { directives, statements, ...intoStages(instructions) };
}

function intoStages(
  instructions: readonly (Instruction | FromInstruction)[],
): Pick<Dockerfile, 'globalArguments' | 'stages'> {
  const globalArguments: ArgInstruction[] = [];
  const stages: { index: number; from: FromInstruction; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') {
      stages.push({ index: stages.length, from: instruction, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.name === 'ARG') globalArguments.push(instruction);
    else
      throw new DockerfileError('no build stage in current context', instruction.lines, { isOfText: true });
  }
  return { globalArguments, stages };
}
