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
  /** Where below the address the API is: `/v2`, or nothing. */
  apiPath: string;
  /** Sent with every request, and to no other host. Never logged. */
  headers: Readonly<Record<string, string>>;
  /** Whether it is asked what a tag stands for. */
  resolvesTags: boolean;
  /** Whether it is asked for what is named by its digest. */
  servesContent: boolean;
  /** A mirror is only read, without the registry's credentials, and what it lacks is asked of the next host. */
  isMirror: boolean;
}
