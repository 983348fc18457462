import type { ConfigFile } from './config-file.ts';

const variables = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  ftpProxy: 'FTP_PROXY',
  noProxy: 'NO_PROXY',
  allProxy: 'ALL_PROXY',
} as const;

/** The variables that `config.json` wants in every container, in capitals and in small letters. */
export function proxyEnvironment({ proxies }: ConfigFile): string[] {
  const settings = proxies?.['default'] ?? {};
  return Object.entries(variables).flatMap(([field, name]) => {
    const value = settings[field as keyof typeof variables];
    return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : [];
  });
}
