import { StartFailedError } from '../errors.ts';

/**
 * What an OCI runtime's log says about a start that failed, in Docker's words and with Docker's exit code.
 * `action` is what failed: `create` or `exec`; `exitCode` is the runtime's, where its end is known.
 */
export function startFailure(
  log: string,
  program: string,
  command: { action: 'create' | 'exec'; args: readonly string[]; subject: string; exitCode?: number },
): StartFailedError {
  const said =
    log
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^.*?msg="?/, '')
      .replace(/"$/, '') ?? '';
  const silent = `the runtime ended with ${command.exitCode ?? 'no exit code'} and said nothing`;
  const [exitCode, reason] = classify(said === '' ? silent : said, command.args[0] ?? '');
  const stage = command.action === 'create' ? 'create' : 'exec';
  const prefix =
    command.action === 'create' ? 'failed to create task for container: failed to create shim task: ' : '';
  const message = `${prefix}OCI runtime ${stage} failed: ${program} ${stage} failed: unable to start container process: ${reason}: unknown`;
  return new StartFailedError(exitCode, message, command.subject);
}

/** Texts of crun 1.8 and runc 1.1. */
function classify(said: string, command: string): [126 | 127 | 128, string] {
  const quoted = JSON.stringify(command);
  if (/not found in \$?PATH|executable file .*not found/i.test(said)) {
    return [
      127,
      command.includes('/')
        ? `exec: ${quoted}: stat ${command}: no such file or directory`
        : `exec: ${quoted}: executable file not found in $PATH`,
    ];
  }
  if (/^open executable: Operation not permitted/i.test(said) || /is a directory/i.test(said)) {
    return [126, `exec: ${quoted}: is a directory: permission denied`];
  }
  if (/^open executable: |exec: .*permission denied|exec.*: Permission denied/i.test(said)) {
    return [126, `exec: ${quoted}: permission denied`];
  }
  if (/Exec format error/i.test(said)) return [126, `exec: ${quoted}: exec format error`];
  if (/chdir|mkdir \S+: not a directory/i.test(said)) {
    const directory =
      /`([^`]*)`|chdir to cwd \(\\?"(.*?)\\?"\)|mkdir (\S+):/.exec(said)?.slice(1).find(Boolean) ?? '';
    const reason = /not a directory/i.test(said)
      ? 'not a directory'
      : /permission denied/i.test(said)
        ? 'permission denied'
        : 'no such file or directory';
    const code = reason === 'permission denied' || reason === 'not a directory' ? 126 : 127;
    return [code, `chdir to cwd (${JSON.stringify(directory)}) set in config.json failed: ${reason}`];
  }
  return [128, said];
}
