import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseGoBoolean } from '@gantry/base';
import type { ContextEndpoint, StoredContext } from '../../config/contexts/context.ts';
import { CommandError } from '../../errors.ts';

/** The endpoint of an engine, and its TLS files by name. */
export interface Endpoint {
  readonly endpoint: ContextEndpoint;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const fileOptions = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const;
const known: readonly string[] = ['host', 'from', 'skip-tls-verify', ...Object.keys(fileOptions)];

/**
 * Reads `--docker host=…,ca=…,cert=…,key=…,skip-tls-verify=…,from=…`. `read` finds the context that `from` names. Throws
 * `CommandError` in Docker's words.
 */
export function parseEndpoint(options: readonly string[], read: (name: string) => StoredContext): Endpoint {
  const given = new Map(options.map(splitOption));
  const unknown = [...given.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw failure(`unrecognized config key: ${unknown}`);
  const from = given.get('from');
  if (from !== undefined) return copyOf(from, read);
  const skip = given.get('skip-tls-verify');
  const files = new Map<string, Uint8Array>();
  for (const [option, file] of Object.entries(fileOptions)) {
    const source = given.get(option);
    if (source) files.set(file, readPem(source));
  }
  checkMaterial(files);
  const host = given.get('host');
  return {
    endpoint: {
      ...(host ? { Host: host } : {}),
      SkipTLSVerify: skip === undefined ? false : readBoolean(skip),
    },
    files,
  };
}

function splitOption(option: string): [string, string] {
  const equals = option.indexOf('=');
  if (equals < 0)
    throw new CommandError(
      125,
      `invalid argument ${JSON.stringify(option)} for "--docker" flag: ${option} must be formatted as key=value`,
    );
  return [option.slice(0, equals), option.slice(equals + 1)];
}

function copyOf(from: string, read: (name: string) => StoredContext): Endpoint {
  try {
    const { metadata, tls } = read(from);
    return { endpoint: metadata.Endpoints['docker'] ?? {}, files: tls.get('docker') ?? new Map() };
  } catch (error) {
    throw failure((error as Error).message);
  }
}

function readPem(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw failure(code === 'ENOENT' ? `open ${file}: no such file or directory` : message);
  }
}

/** Throws for a certificate that is none, or a key that does not fit. */
function checkMaterial(files: ReadonlyMap<string, Uint8Array>): void {
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => files.get(name));
  const reject = (reason: string): CommandError =>
    failure(`invalid docker endpoint options: failed to retrieve context tls info: ${reason}`);
  try {
    void (ca && new X509Certificate(ca));
  } catch {
    throw reject('ca.pem seems invalid');
  }
  if (cert === undefined || key === undefined) return;
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(Buffer.from(key)))) return;
  } catch (error) {
    throw reject(`tls: ${(error as Error).message}`);
  }
  throw reject('tls: private key does not match public key');
}

function readBoolean(text: string): boolean {
  try {
    return parseGoBoolean(text);
  } catch {
    throw failure(`skip-tls-verify: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
}

function failure(reason: string): CommandError {
  return new CommandError(1, `unable to create docker endpoint config: ${reason}`);
}
