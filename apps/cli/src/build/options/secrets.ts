import { readFileSync, statSync } from 'node:fs';
import { CommandError } from '../../errors.ts';
import { readAttributes } from './attributes.ts';

/** As BuildKit bounds a secret. */
const maxSecretBytes = 500 * 1024;

/** What reads a secret when a step asks for it, by id. */
export type Secrets = ReadonlyMap<string, () => Uint8Array>;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `--secret id=ID[,src=FILE|,env=NAME][,type=file|env]`. Without a source it is the variable with the name of the id, else the file with
 * it. Throws `CommandError` for a source that is not there or too big; nothing is read before it is asked for.
 */
export function readSecrets(given: readonly string[], environment: Environment): Secrets {
  return new Map(given.map((text) => readSecret(text, environment)));
}

function readSecret(text: string, environment: Environment): [string, () => Uint8Array] {
  let [id, file, variable, type] = ['', '', '', ''];
  for (const [key, value] of readAttributes(text)) {
    if (value === undefined) {
      throw new CommandError(
        1,
        `ERROR: invalid secret ${text}: invalid field '${key}' must be a key=value pair`,
      );
    }
    if (key === 'id') id = value;
    else if (key === 'src' || key === 'source') file = value;
    else if (key === 'env') variable = value;
    else if (key === 'type') type = secretType(value);
    else throw new CommandError(1, `ERROR: unexpected key '${key}' in '${text}'`);
  }
  if (id === '') throw new CommandError(1, 'ERROR: secret missing ID');
  if (type === 'env' && variable === '') [variable, file] = [file, ''];
  if (variable === '' && file === '') {
    if (type !== 'file' && environment[id] !== undefined) variable = id;
    else file = id;
  }
  return [id, variable === '' ? fromFile(id, file) : fromVariable(id, environment[variable] ?? '')];
}

function secretType(value: string): string {
  if (value === 'file' || value === 'env') return value;
  throw new CommandError(1, `ERROR: unsupported secret type ${JSON.stringify(value)}`);
}

function fromVariable(id: string, value: string): () => Uint8Array {
  return () => bounded(id, Buffer.from(value));
}

function fromFile(id: string, file: string): () => Uint8Array {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new CommandError(1, `ERROR: failed to stat ${file}: no such file or directory`);
  if (stat.size > maxSecretBytes) throw tooBig(id);
  return () => bounded(id, readFileSync(file));
}

function bounded(id: string, data: Uint8Array): Uint8Array {
  if (data.length > maxSecretBytes) throw tooBig(id);
  return data;
}

function tooBig(id: string): CommandError {
  return new CommandError(1, `ERROR: secret ${id} too big. max size 500KB`);
}
