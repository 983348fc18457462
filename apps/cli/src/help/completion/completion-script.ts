import type { CommandTable } from '../../grammar/command-spec.ts';
import { type CompletionNode, completionNodes } from './completion-words.ts';

/** The completion script for a shell; everything is in the script, so only names of objects ask the engine. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', tables: CommandTable): string {
  const nodes = completionNodes(tables);
  if (shell === 'bash') return bashScript(nodes);
  return shell === 'zsh' ? zshScript(nodes) : fishScript(nodes);
}

/** A `case` arm a place, whose words are compgen's. */
function bashScript(nodes: readonly CompletionNode[]): string {
  const arms = nodes.map(({ path, commands, flags, argumentsFrom }) => {
    const words = [...commands.map(([name]) => name), ...flags.map(({ name }) => `--${name}`)].join(' ');
    const objects = argumentsFrom === undefined ? '' : ` objects=${quoted(argumentsFrom)}`;
    return `    ${quoted(path)}) words=${quoted(words)}${objects} ;;`;
  });
  return `# bash completion for gantry
_gantry() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place='' words='' objects='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      -*) ;;
      *) _gantry_is_place "\${place:+$place }\${COMP_WORDS[index]}" && place="\${place:+$place }\${COMP_WORDS[index]}" ;;
    esac
  done
  _gantry_words "$place"
  if [[ -n $objects && $current != -* ]]; then words="$(eval "$objects" 2>/dev/null)"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
_gantry_is_place() {
  case "$1" in
    ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join('|')}) return 0 ;;
  esac
  return 1
}
_gantry_words() {
  case "$1" in
${arms.join('\n')}
  esac
}
complete -F _gantry gantry
`;
}

function zshScript(nodes: readonly CompletionNode[]): string {
  const arms = nodes.map(({ path, commands, flags, argumentsFrom }) => {
    const rows = [
      ...commands.map(([name, summary]) => `${name}:${summary}`),
      ...flags.map(({ name, help }) => `--${name}:${help}`),
    ].map((row) =>
      quoted(
        row.replace(
          /^([^:]*):(.*)$/s,
          (_, name: string, text: string) => `${name}:${text.replaceAll(':', '\\:')}`,
        ),
      ),
    );
    const objects =
      argumentsFrom === undefined ? '' : `\n      objects=(\${(f)"$(${argumentsFrom} 2>/dev/null)"})`;
    return `    ${quoted(path)})\n      rows=(${rows.join(' ')})${objects} ;;`;
  });
  return `#compdef gantry
_gantry() {
  local place='' word
  local -a rows objects
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    [[ $word == -* ]] && continue
    _gantry_is_place "\${place:+$place }$word" && place="\${place:+$place }$word"
  done
  case "$place" in
${arms.join('\n')}
  esac
  _describe -t commands gantry rows
  (( \${#objects} )) && compadd -a objects
  _files
}
_gantry_is_place() {
  case "$1" in
    ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join('|')}) return 0 ;;
  esac
  return 1
}
compdef _gantry gantry
`;
}

function fishScript(nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap(({ path, commands, flags, argumentsFrom }) => {
    const condition = quoted(`__gantry_at ${path === '' ? "''" : `"${path}"`}`);
    const head = `complete -c gantry -n ${condition}`;
    return [
      ...commands.map(([name, summary]) => `${head} -f -a ${quoted(name)} -d ${quoted(summary)}`),
      ...flags.map(({ name, shorthand, help, takesValue }) => {
        const letter = shorthand === undefined ? '' : ` -s ${shorthand}`;
        return `${head}${letter} -l ${name}${takesValue ? ' -r' : ''} -d ${quoted(help)}`;
      }),
      ...(argumentsFrom === undefined ? [] : [`${head} -f -a ${quoted(`(${argumentsFrom} 2>/dev/null)`)}`]),
    ];
  });
  const places = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `# fish completion for gantry
set -g __gantry_places ${places.join(' ')}
function __gantry_at
  set -l place ''
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; and continue
    set -l candidate (string trim "$place $word")
    contains -- $candidate $__gantry_places; and set place $candidate
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** In single quotes, for any shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
