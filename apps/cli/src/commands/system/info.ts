import { systemInfo } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { infoLines } from '../../output/info-lines.ts';
import { renderOne } from '../../output/one-template.ts';
import { programVersion } from '../../program-version.ts';

/** `gantry info`. */
export const infoCommand: CommandHandler = async ({ flags, engine, stdout, stderr, debug }) => {
  const format = flags.string('format');
  const client = { Version: programVersion, Debug: debug };
  if (format === '') {
    stdout.write(`Client:\n Version:    ${client.Version}\n Debug Mode: ${client.Debug}\n\nServer:\n`);
  }
  const info = await systemInfo(await engine());
  if (format !== '') {
    stdout.write(`${renderOne(format, { ...info, ClientInfo: client }, 'system.dockerInfo')}\n`);
    return 0;
  }
  stdout.write(`${infoLines(info).join('\n')}\n\n`);
  for (const warning of info.Warnings ?? []) stderr.write(`${warning}\n`);
  return 0;
};
