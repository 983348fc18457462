import { EngineError } from '@gantry/base';

/** Lines of a Dockerfile, both counted from 1 and both included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/**
 * A Dockerfile that breaks the language's rules. The message is BuildKit's, which editors and CI systems parse: of an
 * instruction that is none the line is told, of its text (`isOfText`: quotes, directives, heredocs, variables) it is not.
 */
export class DockerfileError extends EngineError {
  override readonly name = 'DockerfileError';
  /** The message without the line. */
  readonly reason: string;
  readonly lines: LineRange;

  constructor(reason: string, lines: LineRange, { isOfText = false }: { isOfText?: boolean } = {}) {
    const place = isOfText ? '' : `dockerfile parse error on line ${lines.first}: `;
    super('invalid', 'dockerfile-invalid', place + reason, {
      details: { line: lines.first, lastLine: lines.last },
    });
    this.reason = reason;
    this.lines = lines;
  }
}

/** A pattern of a `.dockerignore` file, of `--exclude` or of a COPY source that is none. */
export class PathPatternError extends EngineError {
  override readonly name = 'PathPatternError';
  constructor(pattern: string, reason: string) {
    super('invalid', 'path-pattern-invalid', `illegal pattern "${pattern}": ${reason}`, {
      details: { pattern },
    });
  }
}

/**
 * What is wrong with a part of a statement. It knows no line: whoever parses the statement does, and makes it a
 * `DockerfileError`.
 */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
}

/** What is wrong with a text before anybody knows what it is for: its message is told without the line. */
export class TextProblem extends SyntaxProblem {}
