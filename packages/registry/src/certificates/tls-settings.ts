import { Section } from '../settings/section.ts';

/** The registry's own certificate. */
export interface TlsSettings {
  /** PEM: the certificate and those between it and its authority. */
  certificateFile: string;
  /** PEM, readable by its owner only. */
  keyFile: string;
  /** Authorities of clients' certificates, one of which every client must have then. */
  clientAuthorityFile?: string;
}

/** Reads the section `tls` of the configuration. Throws `RegistrySettingsError`. */
export function readTlsSettings(value: unknown): TlsSettings {
  const section = new Section(value, 'tls');
  const clientAuthorityFile = section.text('client-ca');
  const settings = {
    certificateFile: section.required('certificate', section.text('certificate')),
    keyFile: section.required('key', section.text('key')),
    ...(clientAuthorityFile === undefined ? {} : { clientAuthorityFile }),
  };
  section.end();
  return settings;
}
