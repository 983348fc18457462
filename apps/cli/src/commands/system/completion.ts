import { CommandError } from '../../errors.ts';
import { loadAllTables } from '../../grammar/root-table.ts';
import { completionScript } from '../../help/completion/completion-script.ts';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry completion bash|zsh|fish`. */
export const completionCommand: CommandHandler = async ({ args, stdout }) => {
  const [shell = ''] = args;
  if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') {
    throw new CommandError(1, `unknown shell: ${shell}: must be one of "bash", "zsh", "fish"`);
  }
  stdout.write(completionScript(shell, await loadAllTables()));
  return 0;
};
