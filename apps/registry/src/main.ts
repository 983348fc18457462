import { EngineError, errorMessage, gantryVersion } from '@gantry/base';
import { CommandLineError } from './command-line-error.ts';
import { type Command, commands } from './commands/commands.ts';

async function main(): Promise<void> {
  try {
    // Whatever a library still waits for: everything of ours is closed.
    process.exit(await run(process.argv.slice(2)));
  } catch (error) {
    console.error(`gantry-registry: ${errorMessage(error)}`);
    if (error instanceof CommandLineError) console.error("Run 'gantry-registry --help' for more information");
    else if (!(error instanceof EngineError)) console.error(error);
    process.exit(1);
  }
}

async function run([word = '--help', ...rest]: readonly string[]): Promise<number> {
  if (word === '--version' || word === '-v') {
    console.log(`Gantry version ${gantryVersion}`);
    return 0;
  }
  if (word === '--help' || word === '-h' || word === 'help') {
    console.log(helpText());
    return 0;
  }
  const command = commands.find(({ name }) => name === word);
  if (command === undefined) throw new CommandLineError(`unknown command: ${word}`);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(usageOf(command));
    return 0;
  }
  return await command.run(rest);
}

function helpText(): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 3;
  return [
    'Usage:  gantry-registry COMMAND [OPTIONS]',
    '',
    'A registry of images: the OCI distribution API over a directory.',
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    "Run 'gantry-registry COMMAND --help' for more information; docs/registry.md has every setting.",
  ].join('\n');
}

function usageOf({ name, usage, summary, help }: Command): string {
  return [`Usage:  gantry-registry ${name} ${usage}`, '', summary, '', help].join('\n').trimEnd();
}

void main();
