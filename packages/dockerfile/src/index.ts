export { checkDockerfile } from './checks/check-dockerfile.ts';
export { type CheckOptions, defaultCheckOptions, parseCheckOptions } from './checks/check-options.ts';
export { type CheckedPlace, CheckReporter, type CheckWarning } from './checks/reporter.ts';
export { type CheckName, checkRules, checkUrl } from './checks/rules.ts';
export { DockerfileError, type LineRange, PathPatternError, SyntaxProblem } from './errors.ts';
export { readIgnoreFile } from './ignore/ignore-file.ts';
export { PathPattern } from './ignore/path-pattern.ts';
export { PathPatterns } from './ignore/path-patterns.ts';
export type { Healthcheck } from './instructions/healthcheck.ts';
export type {
  AddInstruction,
  ArgInstruction,
  CommandLine,
  CopyInstruction,
  FromInstruction,
  Instruction,
  OnBuildInstruction,
  RunInstruction,
  Transfer,
  Written,
} from './instructions/instruction.ts';
export { parseInstruction } from './instructions/parse-instruction.ts';
export { parseTrigger } from './instructions/parse-trigger.ts';
export type { RunDevice } from './instructions/run-device.ts';
export { type RunMount, readRunMount } from './instructions/run-mount.ts';
export { type Dockerfile, parseDockerfile, type Stage } from './parse-dockerfile.ts';
export { type Directives, detectSyntax } from './text/directives.ts';
export { type Heredoc, heredocText, scriptOf } from './text/heredoc.ts';
export { readFragment, type Statement } from './text/statements.ts';
export { nearest } from './text/suggestion.ts';
export type { KeyValue } from './words/key-values.ts';
export { type ExpandedText, expandText, type Lookup, type WordOptions } from './words/shell-words.ts';
