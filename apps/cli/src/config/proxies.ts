import type { ConfigFile } from './config-file.ts';

const variables = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  ftpProxy: 'FTP_PROXY',
  noProxy: 'NO_PROXY',
  allProxy: 'ALL_PROXY',
} as const;

/**
 * The variables that `config.json` wants in every container of the engine at `host`, in capitals and in small letters: what it has
 * for this engine, else its default.
 */
export function proxyEnvironment({ proxies }: ConfigFile, host: string): string[] {
  const settings = proxies?.[host] ?? proxies?.['default'] ?? {};
  return Object.entries(variables).flatMap(([field, name]) => {
    const value = settings[field as keyof typeof variables];
    return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : [];
  });
}
