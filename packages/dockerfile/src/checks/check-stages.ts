import type { FromInstruction } from '../instructions/instruction.ts';
import type { Stage } from '../parse-dockerfile.ts';
import { checkDescription } from './check-description.ts';
import type { CheckReporter } from './reporter.ts';

const reservedNames: ReadonlySet<string> = new Set(['context', 'scratch']);

/** Reports on names of stages and the words around them. */
export function checkStages(stages: readonly Stage[], reporter: CheckReporter): void {
  const names = new Set<string>();
  for (const { from } of stages) {
    const { stageName, writtenName } = from;
    if (stageName === '') continue;
    if (writtenName !== stageName)
      reporter.report('StageNameCasing', from, `Stage name '${writtenName}' should be lowercase`);
    checkAsCasing(from, reporter);
    checkDescription(from, [stageName], reporter);
    if (reservedNames.has(stageName)) {
      const message = `Stage name should not use the same name as reserved stage ${JSON.stringify(stageName)}`;
      reporter.report('ReservedStageName', from, message);
    }
    if (names.has(stageName)) {
      const message = `Duplicate stage name ${JSON.stringify(stageName)}, stage names should be unique`;
      reporter.report('DuplicateStageName', from, message);
    }
    names.add(stageName);
  }
}

/** A FROM of mixed case is another rule's business. */
function checkAsCasing(from: FromInstruction, reporter: CheckReporter): void {
  const { keyword, asKeyword } = from;
  const lower = keyword === keyword.toLowerCase();
  if (!lower && keyword !== keyword.toUpperCase()) return;
  if (asKeyword === (lower ? asKeyword.toLowerCase() : asKeyword.toUpperCase())) return;
  reporter.report('FromAsCasing', from, `'${asKeyword}' and '${keyword}' keywords' casing do not match`);
}
