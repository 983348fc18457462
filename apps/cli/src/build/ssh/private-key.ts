import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { errorMessage } from '@gantry/base';
import { CommandError } from '../../errors.ts';
import { SshReader, sshInteger, sshString } from './wire-format.ts';

/** A key that signs for an ssh client. */
export interface SshKey {
  /** The public key as ssh has it. */
  readonly blob: Buffer;
  /** The signature with its name in front; `flags` choose the hash of RSA. */
  sign(data: Uint8Array, flags: number): Buffer;
}

const magic = 'openssh-key-v1\0';
const curves: Readonly<Record<string, { name: string; hash: string }>> = {
  'P-256': { name: 'nistp256', hash: 'sha256' },
  'P-384': { name: 'nistp384', hash: 'sha384' },
  'P-521': { name: 'nistp521', hash: 'sha512' },
};
/** Bits of the flags of a request (draft-miller-ssh-agent, 4.5.1). */
const rsaSha256 = 2;
const rsaSha512 = 4;

/** A private key of a file, in OpenSSH's form or PEM. Throws `CommandError` for one with a passphrase, and for what is none. */
export function readSshKey(text: string, place: string): SshKey {
  try {
    const key = text.includes('BEGIN OPENSSH PRIVATE KEY') ? openSshKey(text) : createPrivateKey(text);
    return sshKeyOf(key);
  } catch (error) {
    throw new CommandError(1, `ERROR: failed to read the ssh key ${place}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

function sshKeyOf(key: KeyObject): SshKey {
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const part = (value: string | undefined): Buffer => Buffer.from(value ?? '', 'base64url');
  if (key.asymmetricKeyType === 'ed25519') {
    const type = sshString('ssh-ed25519');
    const blob = Buffer.concat([type, sshString(part(jwk.x))]);
    return { blob, sign: (data) => Buffer.concat([type, sshString(sign(null, data, key))]) };
  }
  if (key.asymmetricKeyType === 'rsa') {
    const blob = Buffer.concat([sshString('ssh-rsa'), sshInteger(part(jwk.e)), sshInteger(part(jwk.n))]);
    return { blob, sign: (data, flags) => signRsa(key, data, flags) };
  }
  const curve = curves[jwk.crv ?? ''];
  if (key.asymmetricKeyType !== 'ec' || curve === undefined) {
    throw new Error(`keys of type ${key.asymmetricKeyType} are not known`);
  }
  const type = sshString(`ecdsa-sha2-${curve.name}`);
  const point = Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)]);
  return {
    blob: Buffer.concat([type, sshString(curve.name), sshString(point)]),
    sign: (data) => {
      const pair = sign(curve.hash, data, { key, dsaEncoding: 'ieee-p1363' });
      const half = pair.length / 2;
      const signature = Buffer.concat([sshInteger(pair.subarray(0, half)), sshInteger(pair.subarray(half))]);
      return Buffer.concat([type, sshString(signature)]);
    },
  };
}

function signRsa(key: KeyObject, data: Uint8Array, flags: number): Buffer {
  const [name, hash] =
    (flags & rsaSha512) !== 0
      ? (['rsa-sha2-512', 'sha512'] as const)
      : (flags & rsaSha256) !== 0
        ? (['rsa-sha2-256', 'sha256'] as const)
        : (['ssh-rsa', 'sha1'] as const);
  return Buffer.concat([sshString(name), sshString(sign(hash, data, key))]);
}

/** OpenSSH's PROTOCOL.key. */
function openSshKey(text: string): KeyObject {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1] ?? '';
  const reader = new SshReader(Buffer.from(body, 'base64'));
  if (reader.bytes(magic.length).toString('latin1') !== magic) throw new Error('it is no key of OpenSSH');
  const cipher = reader.text();
  if (cipher !== 'none') throw new Error('it has a passphrase; add it to an agent with ssh-add');
  reader.string();
  reader.string();
  if (reader.uint32() !== 1) throw new Error('it is not one key');
  reader.string();
  return privateSection(new SshReader(reader.string()));
}

function privateSection(reader: SshReader): KeyObject {
  if (reader.uint32() !== reader.uint32()) throw new Error('it is damaged');
  const type = reader.text();
  if (type === 'ssh-ed25519') {
    const x = reader.string();
    const d = reader.string().subarray(0, 32);
    return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url'), d: d.toString('base64url') });
  }
  if (type === 'ssh-rsa') return rsaKey(reader);
  const crv = Object.keys(curves).find((name) => type === `ecdsa-sha2-${curves[name]?.name}`);
  if (crv === undefined) throw new Error(`keys of type ${type} are not known`);
  reader.string();
  const point = reader.string().subarray(1);
  const half = point.length / 2;
  const secret = unsigned(reader.string());
  const d = Buffer.concat([Buffer.alloc(Math.max(0, half - secret.length)), secret]);
  const [x, y] = [point.subarray(0, half), point.subarray(half)];
  return fromJwk({
    kty: 'EC',
    crv,
    x: x.toString('base64url'),
    y: y.toString('base64url'),
    d: d.toString('base64url'),
  });
}

function rsaKey(reader: SshReader): KeyObject {
  const [n, e, d, qi, p, q] = [0, 0, 0, 0, 0, 0].map(() => unsigned(reader.string()));
  const remainder = (prime: Buffer | undefined): string => {
    const value = number(d) % (number(prime) - 1n);
    const hex = value.toString(16);
    return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
  };
  const text = (value: Buffer | undefined): string => (value ?? Buffer.alloc(0)).toString('base64url');
  const secret = { d: text(d), p: text(p), q: text(q), dp: remainder(p), dq: remainder(q), qi: text(qi) };
  return fromJwk({ kty: 'RSA', n: text(n), e: text(e), ...secret });
}

function fromJwk(key: JsonWebKey): KeyObject {
  return createPrivateKey({ key, format: 'jwk' });
}

function unsigned(value: Buffer): Buffer {
  const start = value.findIndex((byte) => byte !== 0);
  return start < 0 ? Buffer.alloc(0) : value.subarray(start);
}

function number(value: Buffer | undefined): bigint {
  return BigInt(`0x${value?.toString('hex') || '0'}`);
}
