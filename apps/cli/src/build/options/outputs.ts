import { statSync } from 'node:fs';
import { parseGoBoolean } from '@gantry/base';
import { CommandError } from '../../errors.ts';
import { readAttributes, readFields } from './attributes.ts';

/** One `--output`: what is made of the result, and where it goes. */
export interface OutputOption {
  /** BuildKit's exporter: `image`, `oci`, `docker`, `local`, `tar`, or `cacheonly` for none. */
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Where on this side it comes to: nothing when the engine keeps it. */
  readonly destination?: OutputDestination | undefined;
}

export type OutputDestination =
  | { readonly kind: 'directory'; readonly path: string; readonly removesOthers: boolean }
  /** `-` is stdout. */
  | { readonly kind: 'file'; readonly path: string }
  /** An OCI layout that grows. */
  | { readonly kind: 'layout'; readonly path: string };

export interface OutputFlags {
  readonly outputs: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
  /** `[type:]key=value`. */
  readonly annotations: readonly string[];
  readonly stdoutIsTerminal: boolean;
}

/** The outputs that `--output`, `--push`, `--load` and `--annotation` ask for; none means the engine's own. Throws `CommandError`. */
export function readOutputs(flags: OutputFlags): OutputOption[] {
  const given = flags.outputs.map((text) => readOutput(text, flags.stdoutIsTerminal));
  const outputs = withShorthands(given, flags);
  const annotations = readAnnotations(flags.annotations);
  if (annotations.size === 0) return outputs;
  const annotated = outputs.length > 0 ? outputs : [{ type: 'image', attributes: new Map<string, string>() }];
  return annotated.map((output) =>
    isImage(output) ? { ...output, attributes: new Map([...output.attributes, ...annotations]) } : output,
  );
}

function withShorthands(given: readonly OutputOption[], { push, load }: OutputFlags): OutputOption[] {
  if (push && load && given.length === 0) {
    return [{ type: 'image', attributes: new Map([['push', 'true']]) }];
  }
  const outputs = [...given];
  if (push) {
    const images = outputs.filter(({ type }) => type === 'image');
    if (outputs.length === 0) outputs.push({ type: 'image', attributes: new Map([['push', 'true']]) });
    else if (images.length === 0) outputs.push({ type: 'image', attributes: new Map([['push', 'true']]) });
    else {
      return outputs.map((output) =>
        output.type === 'image'
          ? { ...output, attributes: new Map([...output.attributes, ['push', 'true']]) }
          : output,
      );
    }
  }
  const hasImage = outputs.some(
    ({ type, destination }) => (type === 'image' || type === 'docker') && !destination,
  );
  if (load && !hasImage) outputs.push({ type: 'docker', attributes: new Map() });
  return outputs;
}

function isImage({ type }: OutputOption): boolean {
  return type === 'image' || type === 'oci' || type === 'docker';
}

function readOutput(text: string, stdoutIsTerminal: boolean): OutputOption {
  const fields = readFields(text);
  if (fields.length === 1 && !text.startsWith('type=')) {
    return text === '-'
      ? { type: 'tar', attributes: new Map(), destination: toFile('tar', '-', stdoutIsTerminal) }
      : { type: 'local', attributes: new Map(), destination: toDirectory(text, false) };
  }
  const attributes = new Map<string, string>();
  for (const [key, value] of readAttributes(text)) {
    if (value === undefined) throw new CommandError(1, `ERROR: invalid value ${key}`);
    attributes.set(key, value);
  }
  const type = attributes.get('type') ?? '';
  if (type === '') throw new CommandError(1, 'ERROR: type is required for output');
  attributes.delete('type');
  return ofType(type, attributes, stdoutIsTerminal);
}

function ofType(type: string, attributes: Map<string, string>, stdoutIsTerminal: boolean): OutputOption {
  const place = attributes.get('dest') ?? '';
  if (type === 'registry') {
    return {
      type: 'image',
      attributes: new Map([...attributes, ['push', attributes.get('push') ?? 'true']]),
    };
  }
  if (type !== 'local' && type !== 'tar' && type !== 'oci' && type !== 'docker') return { type, attributes };
  attributes.delete('dest');
  if (type === 'local') {
    if (place === '') throw new CommandError(1, 'ERROR: dest is required for local output');
    const mode = attributes.get('mode') ?? 'copy';
    if (mode !== 'copy' && mode !== 'delete')
      throw new CommandError(1, `ERROR: invalid local exporter mode ${mode}`);
    attributes.delete('mode');
    return { type, attributes, destination: toDirectory(place, mode === 'delete') };
  }
  const isArchive = parseGoBoolean(attributes.get('tar') ?? 'true');
  if (type !== 'tar' && !isArchive) {
    if (place === '')
      throw new CommandError(1, `ERROR: dest is required for ${type} exporter with tar=false`);
    return { type, attributes, destination: { kind: 'layout', path: place } };
  }
  if (type === 'docker' && place === '') return { type, attributes };
  return { type, attributes, destination: toFile(type, place === '' ? '-' : place, stdoutIsTerminal) };
}

function toDirectory(path: string, removesOthers: boolean): OutputDestination {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) {
    throw new CommandError(1, `ERROR: destination directory ${path} is a file`);
  }
  return { kind: 'directory', path, removesOthers };
}

function toFile(type: string, path: string, stdoutIsTerminal: boolean): OutputDestination {
  if (path === '-' && stdoutIsTerminal) {
    throw new CommandError(
      1,
      `ERROR: dest file is required for ${type} exporter. refusing to write to console`,
    );
  }
  if (path !== '-' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CommandError(1, `ERROR: destination file ${path} is a directory`);
  }
  return { kind: 'file', path };
}

const annotationTypes = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'];

/** Attributes of exporters: `annotation-manifest[linux/amd64].org.example=text`. */
function readAnnotations(given: readonly string[]): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const text of given) {
    const equals = text.indexOf('=');
    if (equals < 1)
      throw new CommandError(1, `ERROR: invalid annotation ${JSON.stringify(text)}, expected key=value`);
    const left = text.slice(0, equals);
    const value = text.slice(equals + 1);
    const typed = /^((?:[a-z-]+(?:\[[^\]]+\])?,?)+):(.+)$/.exec(left);
    const kinds = typed?.[1]?.split(',') ?? [''];
    const key = typed?.[2] ?? left;
    for (const kind of kinds) attributes.set(`annotation${annotationKind(kind)}.${key}`, value);
  }
  return attributes;
}

function annotationKind(kind: string): string {
  if (kind === '') return '';
  const name = kind.split('[')[0] ?? '';
  if (!annotationTypes.includes(name))
    throw new CommandError(1, `ERROR: unknown annotation type ${JSON.stringify(kind)}`);
  return `-${kind}`;
}
