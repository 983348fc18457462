import type { SystemInfo } from '@gantry/api-types';

/** The proxies that registries are reached through, as `docker info` shows them: without credentials. */
export function proxyInfo(
  environment: NodeJS.ProcessEnv,
): Pick<SystemInfo, 'HttpProxy' | 'HttpsProxy' | 'NoProxy'> {
  // In Node.js's order, which is what connects to them.
  const valueOf = (name: string): string => environment[name.toLowerCase()] || environment[name] || '';
  return {
    HttpProxy: masked(valueOf('HTTP_PROXY')),
    HttpsProxy: masked(valueOf('HTTPS_PROXY')),
    NoProxy: valueOf('NO_PROXY'),
  };
}

/** Docker's mask, in the place of whatever stands before the last `@` of the authority. */
function masked(url: string): string {
  return url.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?[^/?#]*@/i, '$1xxxxx:xxxxx@');
}
