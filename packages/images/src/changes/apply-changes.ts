import {
  DockerfileError,
  expandText,
  parseInstruction,
  readFragment,
  type Statement,
  SyntaxProblem,
} from '@gantry/dockerfile';
import type { ImageRunConfig } from '@gantry/oci';
import { InvalidChangeError } from '../errors.ts';
import { ConfigDraft, configInstructions, isConfigInstruction } from './config-draft.ts';

/**
 * Applies Dockerfile instructions (`docker import --change`, `docker commit --change`) to a copy of `config`, in
 * order. ENV's values are seen by what follows. Throws `InvalidChangeError`, with Docker's text for an instruction that cannot be
 * a change (`RUN is not a valid change command`).
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const draft = new ConfigDraft(config);
  for (const statement of inChangesWords('', () => readFragment(changes.join('\n')))) {
    inChangesWords(statement.source, () => applyStatement(draft, statement));
  }
  return draft.config;
}

function applyStatement(draft: ConfigDraft, statement: Statement): void {
  const { keyword, source } = statement;
  if (!configInstructions.has(keyword.toUpperCase()))
    throw new InvalidChangeError(`${keyword} is not a valid change command`, source);
  const instruction = parseInstruction(statement, '\\');
  if (!isConfigInstruction(instruction)) return;
  const lookup = (name: string) => draft.variable(name);
  draft.apply(instruction, (text) => expandText(text, lookup, { escape: '\\' }));
}

function inChangesWords<T>(instruction: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DockerfileError) throw new InvalidChangeError(error.reason, instruction);
    if (error instanceof SyntaxProblem) throw new InvalidChangeError(error.message, instruction);
    throw error;
  }
}
