import { DockerfileError, type LineRange } from '../errors.ts';
import { isJsonList } from '../words/json-form.ts';
import type { Directives } from './directives.ts';
import { partFlags } from './flags.ts';
import { type Heredoc, heredocMarks } from './heredoc.ts';

/** One instruction as it is written: its lines joined, its parts not yet understood. */
export interface Statement {
  /** The instruction's word as written. */
  readonly keyword: string;
  /** Flags as `--name=value`, unquoted. */
  readonly flags: readonly string[];
  /** What follows keyword and flags, without blanks at both ends. */
  readonly text: string;
  /** The whole, continued lines joined. */
  readonly source: string;
  readonly heredocs: readonly Heredoc[];
  /** The comment lines right above, without `#`; a bare `#` parts them from what stands higher. */
  readonly comments: readonly string[];
  readonly lines: LineRange;
  /** A blank line stands between its continued lines. */
  readonly hasEmptyContinuation: boolean;
}

/** bufio.MaxScanTokenSize of Go less one: longer lines are refused by BuildKit too. */
const maxLineBytes = 65_535;

/** Instructions that may bring texts along. */
const withHeredocs: ReadonlySet<string> = new Set(['ADD', 'COPY', 'RUN']);

/** Parts the lines of a Dockerfile, each without its line end, into statements. Throws `DockerfileError`. */
export function readStatements(lines: readonly string[], directives: Directives): Statement[] {
  const reader = new StatementReader(lines, directives);
  const statements: Statement[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) statements.push(next);
  return statements;
}

/**
 * Parts instructions that stand outside of a file, as ONBUILD triggers and `docker commit --change` have them. Throws
 * `DockerfileError`.
 */
export function readFragment(text: string): Statement[] {
  return readStatements(text.split('\n'), { escape: '\\', lineCount: 0 });
}

/**
 * Parts a statement's text, as it stands behind ONBUILD too, into keyword, flags and rest; continued lines are joined
 * already. A heredoc has no content yet.
 */
export function partStatement(
  source: string,
  escape: '\\' | '`',
): Pick<Statement, 'keyword' | 'flags' | 'text'> & { readonly marks: readonly Heredoc[] } {
  const [, keyword = '', rest = ''] = /^(\S+)(?:\s+([\s\S]*))?$/.exec(source.trim()) ?? [];
  const { flags, rest: text } = partFlags(rest, escape);
  return { keyword, flags, text, marks: mayHaveHeredocs(keyword, text) ? heredocMarks(source) : [] };
}

function mayHaveHeredocs(keyword: string, text: string): boolean {
  const [, inner = '', rest = ''] = /^(\S+)\s+([\s\S]*)$/.exec(text) ?? [];
  if (keyword.toUpperCase() === 'ONBUILD') return mayHaveHeredocs(inner, rest);
  return withHeredocs.has(keyword.toUpperCase()) && !isJsonList(text);
}

class StatementReader {
  readonly #lines: readonly string[];
  readonly #escape: '\\' | '`';
  readonly #continuation: RegExp;
  #comments: string[] = [];
  #at: number;

  constructor(lines: readonly string[], { escape, lineCount }: Directives) {
    this.#lines = lines;
    this.#escape = escape;
    const token = RegExp.escape(escape);
    this.#continuation = new RegExp(`(?<!${token})${token}[ \\t]*$`);
    this.#at = lineCount;
  }

  next(): Statement | undefined {
    while (this.#at < this.#lines.length) {
      const line = this.#take().trimStart();
      if (line.startsWith('#')) this.#addComment(line);
      else if (line !== '') return this.#statement(line);
    }
    return undefined;
  }

  #take(): string {
    const line = this.#lines[this.#at++] ?? '';
    if (line.length * 3 > maxLineBytes && Buffer.byteLength(line) > maxLineBytes) {
      const reason = `dockerfile line greater than max allowed size of ${maxLineBytes}`;
      throw new DockerfileError(reason, { first: this.#at, last: this.#at }, { isOfText: true });
    }
    return line.replace(/\r+$/, '');
  }

  #addComment(line: string): void {
    const comment = line.slice(1).trim();
    if (comment === '') this.#comments = [];
    else this.#comments.push(comment);
  }

  #statement(firstLine: string): Statement {
    const first = this.#at;
    const { source, hasEmptyContinuation } = this.#join(firstLine);
    const { marks, ...parts } = partStatement(source, this.#escape);
    const heredocs = marks.map((mark) => this.#heredoc(mark, first));
    const comments = this.#comments;
    this.#comments = [];
    return { ...parts, source, heredocs, comments, lines: { first, last: this.#at }, hasEmptyContinuation };
  }

  #join(firstLine: string): { source: string; hasEmptyContinuation: boolean } {
    let source = firstLine.replace(this.#continuation, '');
    let open = source.length !== firstLine.length;
    let hasEmptyContinuation = false;
    while (open && this.#at < this.#lines.length) {
      const line = this.#take();
      const trimmed = line.trimStart();
      if (trimmed.startsWith('#')) continue;
      if (trimmed === '') {
        hasEmptyContinuation = true;
        continue;
      }
      const part = line.replace(this.#continuation, '');
      open = part.length !== line.length;
      source += part;
    }
    return { source, hasEmptyContinuation };
  }

  #heredoc(mark: Heredoc, first: number): Heredoc {
    let content = '';
    while (this.#at < this.#lines.length) {
      const raw = this.#lines[this.#at] ?? '';
      const line = this.#take();
      if ((mark.stripTabs ? line.replace(/^\t+/, '') : line) === mark.name) return { ...mark, content };
      content += `${raw}\n`;
    }
    throw new DockerfileError('unterminated heredoc', { first, last: this.#at }, { isOfText: true });
  }
}
