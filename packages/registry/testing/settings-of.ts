import { existsSync, readFileSync } from 'node:fs';
import { type RegistrySettings, readRegistrySettings } from '../src/index.ts';

/** Of a registry in a directory, on a free port: `DIRECTORY.json` has further ones. Nothing is collected unless it is asked for. */
export function settingsOf(directory: string): RegistrySettings {
  const file = `${directory}.json`;
  const more = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  return readRegistrySettings({
    root: directory,
    listen: ['127.0.0.1:0'],
    'garbage-collection': { interval: false, grace: '1ms' },
    ...more,
  });
}
