/** One place that answers for a registry. */
export interface RegistryHost {
  /** `https://registry-1.docker.io`, without a slash at the end; a mirror may have a path. */
  baseUrl: string;
  /** Certificates in PEM that are trusted beside the system's. */
  certificateAuthorities: readonly string[];
  /** Certificate and key in PEM to show. */
  clientCertificate?: { certificate: string; key: string };
  /** False for insecure registries. */
  verifiesCertificate: boolean;
  /** A mirror is only read, without the registry's credentials, and what it lacks is asked of the next host. */
  isMirror: boolean;
}
