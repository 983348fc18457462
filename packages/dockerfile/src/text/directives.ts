import { DockerfileError } from '../errors.ts';

/** What the comments at the very top of a Dockerfile say about the file itself. */
export interface Directives {
  /** The frontend image of `# syntax=`, as written. */
  readonly syntax?: string;
  /** The character that escapes and continues lines. */
  readonly escape: '\\' | '`';
  /** The text of `# check=`, for `checkOptions`. */
  readonly check?: string;
  /** How many lines at the top are directives: those are no comments. */
  readonly lineCount: number;
}

const grammar = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const names: ReadonlySet<string> = new Set(['syntax', 'escape', 'check']);

/**
 * Reads the directives of a Dockerfile's lines. The first line that is none ends them: a comment, an unknown name, a blank
 * line or an instruction. Throws `DockerfileError` for one that is said twice and for an escape character other than two.
 */
export function readDirectives(lines: readonly string[]): Directives {
  const found = new Map<string, string>();
  let lineCount = 0;
  for (const line of lines) {
    const [, rawName = '', value = ''] = grammar.exec(line.trim()) ?? [];
    const name = rawName.toLowerCase();
    if (!names.has(name)) break;
    lineCount++;
    const at = { first: lineCount, last: lineCount };
    if (found.has(name)) {
      throw new DockerfileError(`only one ${name} parser directive can be used`, at, { isOfText: true });
    }
    if (name === 'escape' && value !== '\\' && value !== '`') {
      throw new DockerfileError(`invalid escape token '${value}' does not match \` or \\`, at, {
        isOfText: true,
      });
    }
    found.set(name, value);
  }
  const syntax = found.get('syntax');
  const check = found.get('check');
  return {
    escape: found.get('escape') === '`' ? '`' : '\\',
    lineCount,
    ...(syntax === undefined ? {} : { syntax }),
    ...(check === undefined ? {} : { check }),
  };
}

/**
 * The frontend that a build definition names: `# syntax=` of a Dockerfile (after a shebang line too), `// syntax=` of a file
 * in another language, or the `syntax` field of a JSON document. Only the first word counts; nothing is thrown.
 */
export function detectSyntax(text: string): string | undefined {
  const body = text.startsWith('#!') ? text.slice(text.indexOf('\n') + 1 || text.length) : text;
  const value = topComment(body, '#') ?? topComment(body, '//') ?? jsonSyntax(body);
  return value?.split(' ', 1)[0];
}

function topComment(text: string, mark: '#' | '//'): string | undefined {
  for (const line of text.split('\n', 10)) {
    if (!line.startsWith(mark)) return undefined;
    const [, name = '', value = ''] = grammar.exec(`#${line.slice(mark.length).trim()}`) ?? [];
    if (!names.has(name.toLowerCase())) return undefined;
    if (name.toLowerCase() === 'syntax') return value;
  }
  return undefined;
}

function jsonSyntax(text: string): string | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const { syntax } = JSON.parse(text) as { syntax?: unknown };
    return typeof syntax === 'string' ? syntax : undefined;
  } catch {
    return undefined;
  }
}
