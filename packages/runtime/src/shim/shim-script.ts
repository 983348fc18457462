/**
 * The shim: parent of the OCI runtime and keeper of what must not be lost while no engine runs. It is constant text;
 * everything that differs comes as a positional parameter: the container's folder, the exit file, then the OCI runtime's
 * command.
 *
 * | descriptor | what |
 * |---|---|
 * | 3 | stdin of the container |
 * | 4, 5 | reading ends of stdout and stderr: while they are open nobody gets SIGPIPE and nothing written is freed |
 * | 6 | out-of-memory counter, kept for the next engine |
 * | 7, 8 | stdout and stderr of the container |
 * | 9 | the OCI runtime, when it is run from a copy in memory |
 *
 * The OCI runtime keeps 4 and 5 too, and hands them to nobody: so a container outlives the death of engine and shim.
 *
 * The runtime's command has a subshell of its own: dash does the redirections of a plain command in the shell itself.
 *
 * It makes itself known first, and gives up when its folder is gone: then an engine undid this start. The exit code is
 * one write, so that nobody sees half of it. Then it sleeps on a FIFO that nobody writes until the engine has read all
 * output and kills it.
 */
export const shimScript: string = `
directory=$1 exit_file=$2
shift 2
cd "$directory" && echo $$ >shim.pid || exit 1
(exec "$@" <&3 >&7 2>&8 3<&- 6<&- 7>&- 8>&-)
status=$?
exec 3<&- 7>&- 8>&-
echo "$status" >"$exit_file"
read -r _ <sleep
`;

/** Descriptors of the shim: see `shimScript`. */
export const shimDescriptor = { outOfMemory: 6, program: 9 } as const;

/**
 * The holder: keeps the writing end of stdin (3), or the terminal's master (3) and its output FIFO (4), over a restart
 * of the engine. Its end is how the container sees the end of its input. Parameter: the container's folder.
 */
export const holderScript: string = `
cd "$1" && echo $$ >holder.pid || exit 1
read -r _ <sleep
`;

export const holderDescriptor = { keep: 3 } as const;
