import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type ApiClient, saveImages } from '@gantry/client';
import { readTar, type TarEntry } from '@gantry/oci';
import type { Finished } from '../../support/processes.ts';

/** A file of a context: its content, a link, or both a content and a mode. */
export type ContextFile = string | Buffer | { link: string } | { content: string; mode: number };

/** One build whose outcome is compared. */
export interface DockerfileCase {
  dockerfile: string;
  files?: Readonly<Record<string, ContextFile>>;
  args?: readonly string[];
}

/** All that can be seen of a build, without ids, times and digests. */
export interface Outcome {
  exitCode: number;
  /** What was printed besides the steps: warnings, the lines of the Dockerfile, the error. */
  told: readonly string[];
  /** The run configuration, platform, author and history of the image. */
  image?: unknown;
  /** The members of each layer over the base's. */
  layers?: readonly (readonly string[])[];
}

/** Writes the files of a case to `root`, the Dockerfile among them. */
export function writeCase(root: string, { dockerfile, files = {} }: DockerfileCase): void {
  for (const [name, file] of Object.entries<ContextFile>({ Dockerfile: dockerfile, ...files })) {
    const place = path.join(root, name);
    mkdirSync(path.dirname(place), { recursive: true });
    if (typeof file === 'string' || Buffer.isBuffer(file)) writeFileSync(place, file, { mode: 0o644 });
    else if ('link' in file) symlinkSync(file.link, place);
    else writeFileSync(place, file.content, { mode: file.mode });
  }
}

/** What a build told that is no step, without what differs from run to run; warnings come last, for they have no order. */
export function toldBy({ stderr }: Finished): string[] {
  const lines = stripVTControlCharacters(stderr)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^#\d+ |^[\d.]+ /.test(line))
    .map((line) =>
      line
        .replace(/checksum of ref [^ ]+: /, 'checksum: ')
        .replace(/(failed to resolve source metadata for [^ ]+: ).*/, '$1…')
        .replace(/\S*\/overlay2\/\w+\/merged/, '')
        .replace('[stage-0 ', '[')
        // Later versions of buildx.
        .replace('failed to build: failed to solve', 'failed to solve')
        .replace('use docker --debug', 'use --debug'),
    );
  const isWarning = (line: string): boolean => line.startsWith(' - ');
  return [...lines.filter((line) => !isWarning(line)), ...lines.filter(isWarning).toSorted()];
}

interface Config {
  config: Record<string, unknown>;
  history: { created_by?: string; comment?: string }[];
  architecture: string;
  os: string;
  author?: string;
}

/** The image `name` of the engine, over its first layer where that is the base's. */
export async function seenImage(api: ApiClient, name: string): Promise<Pick<Outcome, 'image' | 'layers'>> {
  const blobs = await savedFiles(api, name);
  const document = (file: string): unknown => JSON.parse(blobs.get(file)?.toString() ?? 'null');
  const [manifest] = document('manifest.json') as { Config: string; Layers: string[] }[];
  if (manifest === undefined) throw new Error(`no manifest of ${name}`);
  const { config, history, architecture, os, author = '' } = document(manifest.Config) as Config;
  const layers: string[][] = [];
  for (const layer of manifest.Layers) {
    const members = (await membersOf(blobs.get(layer))).filter((line) => !isLeftByMounts(line));
    const isBase = members.some((line) => line.startsWith('bin/busybox file '));
    if (members.length > 0 && !isBase) layers.push(members);
  }
  const own = history.filter(({ comment }) => comment === 'buildkit.dockerfile.v0');
  return {
    image: {
      platform: `${os}/${architecture}`,
      author,
      config: withoutEmpty(config),
      history: own.map(({ created_by: createdBy = '' }) => createdBy),
    },
    layers,
  };
}

async function savedFiles(api: ApiClient, name: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const { entry, content } of readTar(await saveImages(api, [name])))
    files.set(Buffer.from(entry.name).toString(), Buffer.concat(await Array.fromAsync(content)));
  return files;
}

/** BuildKit's mounts leave it in every layer of a RUN. */
function isLeftByMounts(line: string): boolean {
  return line === 'etc directory 755 0:0';
}

function withoutEmpty(config: object): object {
  const isEmpty = (value: unknown): boolean =>
    value === null || value === '' || value === false || Object.keys(Object(value)).length === 0;
  const entries = Object.entries(config).filter(([, value]) => value === true || !isEmpty(value));
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function membersOf(layer: Buffer | undefined): Promise<string[]> {
  if (layer === undefined) return ['(missing)'];
  const lines: string[] = [];
  for await (const { entry, content } of readTar(chunksOf(layer))) {
    lines.push(describeMember(entry, Buffer.concat(await Array.fromAsync(content))));
  }
  return lines.toSorted();
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function describeMember({ name, linkName, type, ...entry }: TarEntry, content: Buffer): string {
  const file = Buffer.from(name)
    .toString()
    .replace(/^\.?\//, '')
    .replace(/\/$/, '');
  const isMark = /(?:^|\/)\.wh\./.test(file);
  const mode = isMark ? '' : ` ${entry.mode.toString(8)} ${entry.uid}:${entry.gid}`;
  const link = linkName.length > 0 ? ` -> ${Buffer.from(linkName)}` : '';
  const text = content.length > 200 ? `${content.length} bytes` : JSON.stringify(content.toString());
  return `${file} ${type}${mode}${link}${type === 'file' && !isMark ? ` ${text}` : ''}`;
}
