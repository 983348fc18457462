import { splitCommas } from '@gantry/base';
import { CommandError } from '../errors.ts';
import type { ConfigFile } from './config-file.ts';

const variable = 'DOCKER_CUSTOM_HEADERS';

/** Sent with every request: `DOCKER_CUSTOM_HEADERS` (`name=value,name=value`), else the configuration's `HttpHeaders`. */
export function customHeaders(
  { HttpHeaders }: ConfigFile,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined {
  const text = environment[variable];
  if (!text) return HttpHeaders;
  return Object.fromEntries(
    splitCommas(text).map((pair) => {
      const [, name = '', value] = /^\s*([^=]*?)\s*=(.*)$/s.exec(pair) ?? [];
      if (value === undefined) throw failure(`missing value for header: ${pair}`);
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw failure(`invalid header name: ${JSON.stringify(name)}`);
      if (/[\r\n\0]/.test(value)) throw failure(`invalid value for header: ${name}`);
      return [name, value];
    }),
  );
}

function failure(reason: string): CommandError {
  return new CommandError(
    1,
    `failed to parse custom headers from ${variable} environment variable: ${reason}`,
  );
}
