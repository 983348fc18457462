import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '@gantry/base';
import type { RegistryClient } from '@gantry/distribution';
import { FakeRegistry, openTestClient, type PutDescriptor, putImage } from '@gantry/distribution/testing';
import { hostPlatform, parseDigest, parseReference } from '@gantry/oci';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { PolicyVerifier } from '../src/index.ts';
import { SignedRepository } from './signed-registry.ts';

const repository = 'team/app';

/** An image in a registry, its signatures, and a policy for it in files. */
export class VerifyFixture implements AsyncDisposable {
  readonly registry: FakeRegistry;
  readonly signatures: SignedRepository;
  readonly image: PutDescriptor;
  readonly #client: RegistryClient = openTestClient();
  readonly #root: TemporaryRoot;
  #now: Date | undefined;

  private constructor(registry: FakeRegistry, root: TemporaryRoot) {
    this.registry = registry;
    this.signatures = new SignedRepository(registry, repository);
    this.image = this.putImage('one');
    this.#root = root;
  }

  static async start(): Promise<VerifyFixture> {
    return new VerifyFixture(await FakeRegistry.start(), await temporaryRoot('signatures'));
  }

  /** Its repository with the domain. */
  get name(): string {
    return `${this.registry.host}/${repository}`;
  }

  /** An image whose layer has this content. */
  putImage(content: string): PutDescriptor {
    const layers = [{ tar: Buffer.from(content) }];
    return putImage(this.registry, { repository, layers, platform: hostPlatform() });
  }

  /** Writes a file beside the policy; returns its path. */
  write(name: string, content: string): string {
    const file = path.join(this.#root.path, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** The policy, of one rule for everything unless others are given. */
  policy(rule: object, more: object = {}): void {
    this.write(
      'policy.json',
      JSON.stringify({ default: 'reject', rules: [{ images: ['**'], ...rule }], ...more }),
    );
  }

  /** What the clock says when it is asked. */
  at(now: Date): void {
    this.#now = now;
  }

  async verify({ isAskedFor = false }: { isAskedFor?: boolean } = {}): Promise<string | undefined> {
    const { digest, mediaType, size } = this.image;
    const verifier = new PolicyVerifier({
      policyFile: () => path.join(this.#root.path, 'policy.json'),
      clock: { ...systemClock, now: () => this.#now ?? new Date() },
    });
    const target = { digest: parseDigest(digest), mediaType, size };
    const found = await this.#client.repository(parseReference(this.name), 'pull');
    return await verifier.verify(
      { name: this.name, target, repository: found },
      { isAskedFor, signal: new AbortController().signal },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.registry[Symbol.asyncDispose]();
    await this.#root[Symbol.asyncDispose]();
  }
}
