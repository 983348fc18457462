import type { SystemInfo } from '@gantry/api-types';

/** How registries are reached; the environment says it where nothing is given. */
export interface ProxySettings {
  httpProxy?: string;
  httpsProxy?: string;
  /** Hosts that are reached without, comma-separated. */
  noProxy?: string;
}

/** The environment with the settings in the place of its own variables. */
export function proxyEnvironment(
  environment: NodeJS.ProcessEnv,
  { httpProxy, httpsProxy, noProxy }: ProxySettings = {},
): NodeJS.ProcessEnv {
  const variables = { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy };
  const said = Object.entries(variables).filter(([, value]) => value !== undefined);
  const both = said.flatMap(([name, value]) => [
    [name, value],
    [name.toLowerCase(), value],
  ]);
  return { ...environment, ...(Object.fromEntries(both) as Record<string, string>) };
}

/** The proxies that registries are reached through, as `docker info` shows them: without credentials. */
export function proxyInfo(
  environment: NodeJS.ProcessEnv,
): Pick<SystemInfo, 'HttpProxy' | 'HttpsProxy' | 'NoProxy'> {
  // In Node.js's order, which is what connects to them.
  const valueOf = (name: string): string => environment[name.toLowerCase()] || environment[name] || '';
  return {
    HttpProxy: maskedUrl(valueOf('HTTP_PROXY')),
    HttpsProxy: maskedUrl(valueOf('HTTPS_PROXY')),
    NoProxy: valueOf('NO_PROXY'),
  };
}

/** With Docker's mask in the place of whatever stands before the last `@` of the authority. */
export function maskedUrl(url: string): string {
  return url.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?[^/?#]*@/i, '$1xxxxx:xxxxx@');
}
