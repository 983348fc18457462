import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../errors.ts';

/** `config.json` of Docker's client, as far as this program reads it. */
export interface ConfigFile {
  readonly HttpHeaders?: Readonly<Record<string, string>>;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly detachKeys?: string;
  readonly currentContext?: string;
  readonly pruneFilters?: readonly string[];
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly proxies?: Readonly<Record<string, ProxySettings>>;
}

export interface AuthEntry {
  /** `user:password`, base64. */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly ftpProxy?: string;
  readonly noProxy?: string;
  readonly allProxy?: string;
}

/** Reads `config.json` in `directory`; a missing file is an empty one. Throws `CommandError` for one that is no JSON object. */
export function readConfigFile(directory: string): ConfigFile {
  const file = path.join(directory, 'config.json');
  const text = readIfThere(file);
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new CommandError(1, `Error loading config file: ${file}: ${(error as Error).message}`);
  }
  throw new CommandError(1, `Error loading config file: ${file}: it is no JSON object`);
}

/** The file's text; undefined when it is not there or may not be read. */
export function readIfThere(file: string): string | undefined {
  // Asking first is quicker than a thrown error, and most users have no such file.
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}
