import { CommandError } from '../../errors.ts';
import { readPairs } from './attributes.ts';

/**
 * `--attest type=sbom,…`, `--sbom`, `--provenance` as BuildKit's attributes `attest:…`; the short ones take a boolean or the other
 * attributes. The last of a type counts; a disabled one is left out. Throws `CommandError`.
 */
export function readAttestations(flags: {
  readonly attest: readonly string[];
  readonly sbom: string;
  readonly provenance: string;
}): Map<string, string> {
  const given = [
    ...flags.attest,
    ...(flags.sbom === '' ? [] : [canonical('sbom', flags.sbom)]),
    ...(flags.provenance === '' ? [] : [canonical('provenance', flags.provenance)]),
  ];
  const attributes = new Map<string, string>();
  for (const text of given) {
    const { type, value, disabled } = readAttestation(text);
    attributes.delete(`attest:${type}`);
    if (!disabled) attributes.set(`attest:${type}`, value);
  }
  return attributes;
}

function canonical(type: string, text: string): string {
  const boolean = booleanOf(text);
  return boolean === undefined ? `type=${type},${text}` : `type=${type},disabled=${!boolean}`;
}

function readAttestation(text: string): { type: string; value: string; disabled: boolean } {
  let type = '';
  let disabled = false;
  const rest: string[] = [];
  for (const [key, value] of readPairs(text)) {
    if (key === 'type') type = value;
    else if (key === 'disabled') disabled = booleanOf(value) ?? badBoolean(key, value);
    else
      rest.push(
        `${key}=${value}`.includes(',') ? `"${`${key}=${value}`.replaceAll('"', '""')}"` : `${key}=${value}`,
      );
  }
  if (type === '') throw new CommandError(1, 'ERROR: attestation type not specified');
  return { type, disabled, value: rest.join(',') };
}

function badBoolean(key: string, value: string): never {
  throw new CommandError(1, `ERROR: invalid value ${JSON.stringify(value)} for ${key}: it is no boolean`);
}

function booleanOf(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}
