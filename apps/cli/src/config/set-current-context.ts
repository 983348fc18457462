import path from 'node:path';
import { readConfigFile } from './config-file.ts';
import { replaceFile } from './replace-file.ts';

/** Notes in `config.json` which context is in use; undefined for `default`. Everything else in the file stays. */
export function setCurrentContext(configDirectory: string, name: string | undefined): void {
  const old: Record<string, unknown> = { ...readConfigFile(configDirectory) };
  const { currentContext: _old, ...others } = old;
  const config = { auths: {}, ...others, ...(name === undefined ? {} : { currentContext: name }) };
  replaceFile(path.join(configDirectory, 'config.json'), JSON.stringify(config, undefined, '\t'), 0o600);
}
