import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { openKeyAgent } from './key-agent.ts';
import { readSshKey } from './private-key.ts';
import { SshReader, sshInteger, sshString, sshUint32 } from './wire-format.ts';

const data = Buffer.from('what is signed');

/** A key as `ssh-keygen` writes it, without a passphrase unless `cipher` says so. */
function openSshText(key: KeyObject, cipher: string = 'none'): string {
  const jwk = key.export({ format: 'jwk' });
  const part = (value: string | undefined): Buffer => Buffer.from(value ?? '', 'base64url');
  const secret = Buffer.concat([
    sshUint32(7),
    sshUint32(7),
    ...privateParts(jwk, part),
    sshString('a comment'),
  ]);
  const head = [Buffer.from('openssh-key-v1\0'), sshString(cipher), sshString('none'), sshString('')];
  const body = Buffer.concat([...head, sshUint32(1), sshString('public'), sshString(secret)]).toString(
    'base64',
  );
  const lines = body.replaceAll(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function privateParts(jwk: JsonWebKey, part: (value: string | undefined) => Buffer): Buffer[] {
  const { kty, crv, x, y, d, n, e, p, q, qi } = jwk;
  if (kty === 'OKP') {
    return [sshString('ssh-ed25519'), sshString(part(x)), sshString(Buffer.concat([part(d), part(x)]))];
  }
  if (kty === 'RSA')
    return [sshString('ssh-rsa'), ...[n, e, d, qi, p, q].map((value) => sshInteger(part(value)))];
  const curve = `nistp${crv?.slice(2)}`;
  const point = Buffer.concat([Buffer.from([4]), part(x), part(y)]);
  return [sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point), sshInteger(part(d))];
}

async function ask(agent: Duplex, request: Buffer): Promise<SshReader> {
  const framed = sshString(request);
  agent.write(framed.subarray(0, 3));
  agent.write(framed.subarray(3));
  for await (const answer of agent.iterator({ destroyOnReturn: false })) {
    return new SshReader(new SshReader(answer as Buffer).string());
  }
  throw new Error('the agent does not answer');
}

const keys: readonly [name: string, key: KeyObject, flags: number, hash: string | null][] = [
  ['ssh-ed25519', generateKeyPairSync('ed25519').privateKey, 0, null],
  ['rsa-sha2-256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 2, 'sha256'],
  ['rsa-sha2-512', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 4, 'sha512'],
  ['ecdsa-sha2-nistp256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 0, 'sha256'],
  ['ecdsa-sha2-nistp521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey, 0, 'sha512'],
];

describe('an agent of keys in files', () => {
  for (const [name, key, flags, hash] of keys) {
    for (const form of ['OpenSSH', 'PEM']) {
      test(`signs as ${name} with a key in the form of ${form}`, async () => {
        const text = form === 'PEM' ? String(key.export({ type: 'pkcs8', format: 'pem' })) : openSshText(key);
        const agent = openKeyAgent([readSshKey(text, 'key')]);
        const identities = await ask(agent, Buffer.from([11]));
        assert.deepEqual([identities.byte(), identities.uint32()], [12, 1]);
        const blob = identities.string();
        const request = [Buffer.from([13]), sshString(blob), sshString(data), sshUint32(flags)];
        const answer = await ask(agent, Buffer.concat(request));
        assert.equal(answer.byte(), 14);
        const signature = new SshReader(answer.string());
        assert.equal(signature.text(), name);
        const isEcdsa = name.startsWith('ecdsa');
        const bytes = isEcdsa ? pairOf(signature.string(), key) : signature.string();
        const publicKey = createPublicKey(key);
        const verifier = isEcdsa ? ({ key: publicKey, dsaEncoding: 'ieee-p1363' } as const) : publicKey;
        assert.ok(verify(hash, data, verifier, bytes));
        agent.destroy();
      });
    }
  }

  test('refuses everything else, and keys that it does not have', async () => {
    const agent = openKeyAgent([]);
    const unknown = Buffer.concat([Buffer.from([13]), sshString('key'), sshString(data), sshUint32(0)]);
    for (const request of [unknown, Buffer.from([13, 0]), Buffer.from([17]), Buffer.from([22])]) {
      assert.equal((await ask(agent, request)).byte(), 5);
    }
    agent.destroy();
  });

  test('has no key with a passphrase', () => {
    const [, [, key] = []] = keys;
    assert.ok(key);
    const failure = { code: 'command-failed', message: /has a passphrase/ };
    assert.throws(() => readSshKey(openSshText(key, 'aes256-ctr'), 'key'), failure);
  });
});

/** Of the two numbers of a signature both with all their digits. */
function pairOf(signature: Buffer, key: KeyObject): Buffer {
  const reader = new SshReader(signature);
  const bits = key.asymmetricKeyDetails?.namedCurve === 'secp521r1' ? 521 : 256;
  const length = Math.ceil(bits / 8);
  const padded = [reader.string(), reader.string()].map((value) => {
    const digits = value.subarray(Math.max(0, value.length - length));
    return Buffer.concat([Buffer.alloc(length - digits.length), digits]);
  });
  return Buffer.concat(padded);
}
