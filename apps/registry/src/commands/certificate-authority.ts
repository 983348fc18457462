import { systemClock } from '@gantry/base';
import { CertificateAuthority } from '@gantry/registry';
import { CommandLineError } from '../command-line-error.ts';
import { parseOptions } from './parse-options.ts';

const defaultDirectory = '/etc/gantry/registry/ca';

export const authorityHelp: string = `Commands:
  create               Make a certificate authority
  issue NAME...        Sign a certificate for a registry with these host names and addresses
  print                Print the authority's certificate, for those who are to trust it

Options:
      --dir DIRECTORY  Where the authority is (default ${defaultDirectory})
      --name NAME      What the authority is called (create)
      --out DIRECTORY  Where the certificate goes; beside the authority when missing (issue)
      --days DAYS      How long it lasts, 825 at most (issue)`;

/** `gantry-registry ca`: a certificate authority for registries that nobody else signs for. */
export async function certificateAuthority(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(words, {
    dir: { type: 'string' },
    name: { type: 'string' },
    out: { type: 'string' },
    days: { type: 'string' },
  });
  const [action, ...names] = positionals;
  const authority = new CertificateAuthority(values.dir ?? defaultDirectory, systemClock);
  switch (action) {
    case 'create': {
      const { certificateFile, fingerprint, validTo } = authority.create(values.name ?? 'Gantry registry CA');
      console.log(`${certificateFile} is made, and lasts until ${validTo.toISOString().slice(0, 10)}`);
      console.log(`sha256 ${fingerprint}`);
      return 0;
    }
    case 'issue': {
      const days = values.days === undefined ? {} : { days: Number(values.days) };
      const directory = values.out === undefined ? {} : { directory: values.out };
      const issued = authority.issue({ names, ...directory, ...days });
      console.log(`certificate ${issued.certificateFile}`);
      console.log(`key         ${issued.keyFile}`);
      console.log(`lasts until ${issued.validTo.toISOString().slice(0, 10)}`);
      console.log(`Clients trust it with ca.crt in /etc/docker/certs.d/<registry[:port]>/.`);
      return 0;
    }
    case 'print':
      process.stdout.write(authority.info().certificate);
      return 0;
    default:
      throw new CommandLineError(`unknown command: ca ${action ?? ''}`.trimEnd());
  }
}
