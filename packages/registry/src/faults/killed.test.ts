import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { describe, test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { digestOf, makeManifest, startTestRegistry, type TestManifest } from '../../testing/index.ts';

const program = path.resolve(import.meta.dirname, '../../testing/serve-until-killed.ts');

/** A registry in another process. */
class Served implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #host = '';

  constructor(directory: string, point: readonly string[] = []) {
    this.#child = spawn(process.execPath, [program, directory, ...point], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    assert.ok(this.#child.stdout);
    // What is asked of one that has just died is told by its end.
    this.#child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  static async start(directory: string, point?: readonly string[]): Promise<Served> {
    const served = new Served(directory, point);
    served.#host = `127.0.0.1:${await served.#line()}`;
    return served;
  }

  ask(target: string, options?: RequestInit): Promise<Response> {
    return fetch(`http://${this.#host}${target}`, { ...options, signal: AbortSignal.timeout(20_000) });
  }

  async collect(): Promise<Record<string, number>> {
    this.#child.stdin?.write('COLLECT\n');
    return JSON.parse(await this.#line()) as Record<string, number>;
  }

  /** Resolves when it has killed itself. */
  async died(): Promise<void> {
    if (!this.#isDead) await once(this.#child, 'exit');
  }

  /** Resolves when it is dead, killing it where it lives. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDead) return;
    const dead = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await dead;
  }

  get #isDead(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #line(): Promise<string> {
    if (this.#isDead) throw new Error('the registry died');
    const [line] = (await Promise.race([
      once(this.#lines, 'line'),
      once(this.#child, 'exit').then(() => {
        throw new Error('the registry died');
      }),
    ])) as [string];
    return line;
  }
}

/** Of each repository its own: what is stored already takes a shorter way. */
function contentOf(repository: string): { config: string; layer: string; manifest: TestManifest } {
  const config = JSON.stringify({ repository });
  const layer = `a layer of ${repository} that survives`.repeat(1000);
  return { config, layer, manifest: makeManifest(config, layer) };
}

const unused = 'unused';

/** Step by step; each is acknowledged by an answer. */
async function push(
  registry: Pick<Served, 'ask'>,
  repository: string,
  acknowledged: Set<string>,
): Promise<void> {
  const expect = async (response: Response, status: number): Promise<Response> => {
    assert.equal(response.status, status, await response.clone().text());
    return response;
  };
  const { config, layer, manifest } = contentOf(repository);
  for (const text of [config, layer]) {
    const begun = await expect(
      await registry.ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' }),
      202,
    );
    const location = begun.headers.get('location') ?? '';
    const half = Math.floor(text.length / 2);
    await expect(await registry.ask(location, { method: 'PATCH', body: text.slice(0, half) }), 202);
    const query = `?digest=${digestOf(text)}`;
    await expect(await registry.ask(location + query, { method: 'PUT', body: text.slice(half) }), 201);
    acknowledged.add(text);
  }
  const { mediaType, text } = manifest;
  const headers = { 'Content-Type': mediaType };
  const target = `/v2/${repository}/manifests/v1`;
  await expect(await registry.ask(target, { method: 'PUT', headers, body: text }), 201);
  acknowledged.add(text);
}

/** What was acknowledged is there; and what is there is whole. */
async function assertHas(
  registry: Pick<Served, 'ask'>,
  repository: string,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  const { config, layer, manifest } = contentOf(repository);
  for (const [target, text] of [
    [`blobs/${digestOf(config)}`, config],
    [`blobs/${digestOf(layer)}`, layer],
    ['manifests/v1', manifest.text],
  ] as const) {
    const response = await registry.ask(`/v2/${repository}/${target}`);
    const got = await response.text();
    if (acknowledged.has(text)) assert.equal(response.status, 200, `${repository} ${target}`);
    if (response.status === 200) assert.equal(got, text);
  }
}

/** The last pass of each point: by then there is something to lose. */
function killsOf(passes: readonly string[]): (readonly [point: string, count: string])[] {
  const counts = new Map<string, number>();
  for (const name of passes) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => [name, `${count}`]);
}

async function passesOf(
  directory: string,
  operate: (registry: Served) => Promise<unknown>,
): Promise<string[]> {
  await using registry = await Served.start(directory, ['RECORD']);
  await operate(registry);
  const file = `${directory}.passes`;
  const passes = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await rm(file);
  return passes;
}

/** A directory that is none yet, and what may lie beside it. */
async function registryRoot(settings?: object): Promise<{ path: string } & AsyncDisposable> {
  const root = await temporaryRoot('registry');
  const directory = path.join(root.path, 'data');
  if (settings !== undefined) await writeFile(`${directory}.json`, JSON.stringify(settings));
  return { path: directory, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

async function has(registry: Pick<Served, 'ask'>, repository: string): Promise<boolean> {
  return (await registry.ask(`/v2/${repository}/manifests/v1`)).status === 200;
}

describe('a registry whose process is killed', () => {
  test('at any step of a push has all that was acknowledged, and takes the push again', async () => {
    await using root = await registryRoot();
    const passes = await passesOf(root.path, (registry) => push(registry, 'r', new Set()));
    const kills = killsOf(passes);
    for (const name of ['push/upload-appended', 'partial-blob/adopted', 'push/manifest-stored']) {
      assert.ok(
        kills.some(([point]) => point === name),
        name,
      );
    }
    let before: { repository: string; acknowledged: Set<string> } | undefined;
    for (const [index, kill] of [...kills, undefined].entries()) {
      await using registry = await Served.start(root.path, kill);
      if (before !== undefined) await assertHas(registry, before.repository, before.acknowledged);
      before = { repository: `r${index}`, acknowledged: new Set() };
      const pushed = push(registry, before.repository, before.acknowledged);
      if (kill === undefined) await pushed;
      else await assert.rejects(pushed, `killed at ${kill.join(' ')}`);
    }
    await using registry = await Served.start(root.path);
    for (const [index] of kills.entries()) {
      const all = new Set<string>();
      await push(registry, `r${index}`, all);
      await assertHas(registry, `r${index}`, all);
    }
    assert.deepEqual(await readdir(path.join(root.path, 'content/ingest')), []);
  });

  test('at any step of a collection keeps what is named, and collects the rest the next time', async () => {
    await using root = await registryRoot();
    const all = new Set<string>();
    const addUnused = async (registry: Served): Promise<void> => {
      const target = `/v2/r/blobs/uploads/?digest=${digestOf(unused)}`;
      assert.equal((await registry.ask(target, { method: 'POST', body: unused })).status, 201);
    };
    const passes = await passesOf(root.path, async (registry) => {
      await push(registry, 'r', all);
      await addUnused(registry);
      await registry.collect();
    });
    for (const kill of killsOf(passes).filter(([point]) => point.startsWith('collect/'))) {
      await using registry = await Served.start(root.path, kill);
      await addUnused(registry);
      await assert.rejects(registry.collect(), /the registry died/);
    }
    await using registry = await Served.start(root.path);
    await assertHas(registry, 'r', all);
    await registry.collect();
    await assertHas(registry, 'r', all);
    assert.equal((await readdir(path.join(root.path, 'content/blobs/sha256'))).length, 3);
  });

  test('at any step of a fetch from another registry gives all of it the next time', async () => {
    await using upstream = await startTestRegistry();
    await using root = await registryRoot({ cache: [{ registry: upstream.host, insecure: true }] });
    const all = new Set<string>();
    const asked = async (registry: Served, repository: string): Promise<void> => {
      await push(upstream, repository, all);
      assert.ok(await has(registry, repository));
      await assertHas(registry, repository, all);
    };
    const kills = killsOf(await passesOf(root.path, (registry) => asked(registry, 'r')));
    for (const name of ['push/manifest-stored', 'push/manifest-written', 'blob/stored', 'blob/linked']) {
      assert.ok(
        kills.some(([point]) => point === name),
        name,
      );
    }
    for (const [index, kill] of kills.entries()) {
      {
        await using registry = await Served.start(root.path, kill);
        // The one who asked may have his answer by then.
        await asked(registry, `r${index}`).catch(() => {});
        await registry.died();
      }
      await using registry = await Served.start(root.path);
      await asked(registry, `r${index}`);
    }
  });

  test('at any step of sending content on sends all of it after the next start', async () => {
    await using target = await startTestRegistry();
    const replication = [{ name: 'copy', registry: target.host, insecure: true }];
    await using root = await registryRoot({ replication });
    const all = new Set<string>();
    const sent = async (registry: Served, repository: string): Promise<void> => {
      await push(registry, repository, all);
      while (!(await has(target, repository))) await has(registry, repository);
    };
    const passes = await passesOf(root.path, async (registry) => {
      await sent(registry, 'r');
      // Acknowledged events are told before the next one.
      await sent(registry, 'r-next');
    });
    const kills = killsOf(passes).filter(([point]) => point.startsWith('replicate/'));
    assert.deepEqual(kills.map(([point]) => point).sort(), [
      'replicate/acknowledged',
      'replicate/blob-sent',
      'replicate/manifest-sent',
    ]);
    for (const [index, [point]] of kills.entries()) {
      const repository = `r${index}`;
      {
        await using registry = await Served.start(root.path, [point, '1']);
        await sent(registry, repository).catch(() => {});
        await registry.died();
      }
      await using registry = await Served.start(root.path);
      // It may have died of what was left from before.
      await sent(registry, repository);
      await assertHas(registry, repository, all);
      await assertHas(target, repository, all);
    }
  });
});
