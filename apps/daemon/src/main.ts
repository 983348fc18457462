import { errorMessage } from '@gantry/base';
import { gantryVersion } from '@gantry/engine';
import { loadConfig } from './config.ts';
import { runDoctor } from './doctor.ts';
import { leaveFirstPlace } from './first-process.ts';
import { helpText, parseFlags } from './flags.ts';
import { runFsck } from './fsck.ts';
import { serve } from './serve.ts';

async function main(): Promise<void> {
  try {
    // Whatever a library still waits for: everything of ours is closed.
    process.exit(await run(process.argv.slice(2)));
  } catch (error) {
    console.error(`gantryd: ${errorMessage(error)}`);
    process.exit(1);
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const flags = parseFlags(argv);
  switch (flags.mode) {
    case 'help':
      console.log(helpText());
      return 0;
    case 'version':
      console.log(`Gantry version ${gantryVersion}`);
      return 0;
    case 'doctor':
      return runDoctor(flags);
    case 'fsck':
      return runFsck(loadConfig(flags, process.env));
    case 'validate':
      loadConfig(flags, process.env);
      console.error('configuration OK');
      return 0;
    case 'serve':
      leaveFirstPlace();
      return serve(() => loadConfig(flags, process.env));
  }
}

void main();
