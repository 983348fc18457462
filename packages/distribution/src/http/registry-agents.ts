import http from 'node:http';
import https from 'node:https';
import { rootCertificates } from 'node:tls';
import type { RegistryHost } from '../hosts/registry-host.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A connection on which nothing moved for so long is given up. */
export const idleTimeoutMs = 60_000;

/**
 * Connections kept open by host and certificates, through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the
 * environment name. Disposing closes them.
 */
export class RegistryAgents implements Disposable {
  readonly #environment: Environment;
  readonly #agents = new Map<string, http.Agent>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** `trust` says what is believed of the other side; a redirect to another host has none. */
  agent(url: URL, trust: RegistryHost | undefined): http.Agent {
    const key = `${url.protocol}${JSON.stringify(trust ?? {})}`;
    const known = this.#agents.get(key) ?? this.#open(url, trust);
    this.#agents.set(key, known);
    return known;
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #open(url: URL, trust: RegistryHost | undefined): http.Agent {
    const common = { keepAlive: true, timeout: idleTimeoutMs, proxyEnv: this.#environment };
    if (url.protocol === 'http:') return new http.Agent(common);
    const { certificateAuthorities = [], clientCertificate, verifiesCertificate = true } = trust ?? {};
    return new https.Agent({
      ...common,
      rejectUnauthorized: verifiesCertificate,
      ...(certificateAuthorities.length === 0
        ? {}
        : { ca: [...rootCertificates, ...certificateAuthorities] }),
      ...(clientCertificate === undefined
        ? {}
        : { cert: clientCertificate.certificate, key: clientCertificate.key }),
    });
  }
}
