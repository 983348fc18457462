import { findInitProgram } from '@gantry/engine';

/**
 * As the first process of a container gantryd gets every process whose parent has died, and does not reap them: it puts an init
 * program in its place, which does, hands signals on, and runs it again as a child. Returns in any other place, and where there is
 * no such program, after a word.
 */
export function leaveFirstPlace(): void {
  if (process.pid !== 1) return;
  const init = findInitProgram(process.env['PATH'] ?? '', undefined);
  if ('problem' in init) {
    console.error(
      `gantryd is the first process here, and processes without a parent are not reaped: ${init.problem}`,
    );
    return;
  }
  const words = [init.path, '--', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(init.path, words, process.env);
}
