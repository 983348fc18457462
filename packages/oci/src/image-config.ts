import { isDigest } from './digest.ts';
import { TooManyLayersError } from './errors.ts';
import type { HistoryEntry, ImageConfig, ImageRunConfig } from './image-spec.ts';
import {
  checkedFields,
  type FieldCheck,
  type JsonObject,
  JsonReader,
  parseJsonObject,
} from './json-document.ts';
import { maxLayers } from './manifest.ts';

/** Steps that a history may tell, layers or not. */
const maxHistory = 10_000;

/**
 * Parses and checks the config of an image. Null stands for a missing value in any field, as Docker writes it, except
 * within lists. Unknown fields are kept. Throws `InvalidDocumentError`, `TooManyLayersError`, `DocumentTooLargeError`.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const reader = new JsonReader('image config');
  const text: FieldCheck = (value, field) => reader.string(value, field);
  const checked = checkedFields(parseJsonObject(bytes, 'image config'), {
    os: text,
    architecture: text,
    variant: text,
    created: text,
    author: text,
    'os.version': text,
    'os.features': (value, field) => reader.strings(value, field),
    rootfs: (value) => checkRootfs(reader, value),
    history: (value) => checkHistory(reader, value),
    config: (value) => checkRunConfig(reader, value),
  });
  for (const field of ['os', 'architecture', 'rootfs']) {
    if (checked[field] === undefined || checked[field] === '') reader.fail(`has no '${field}'`);
  }
  return checked as unknown as ImageConfig;
}

function checkRootfs(reader: JsonReader, value: unknown): JsonObject {
  const rootfs = reader.object(value, 'rootfs');
  if (rootfs['type'] !== 'layers') reader.fail("has a 'rootfs' that is not of layers");
  const diffIds = reader.strings(rootfs['diff_ids'] ?? [], 'rootfs.diff_ids');
  if (diffIds.length > maxLayers) throw new TooManyLayersError(diffIds.length, maxLayers);
  for (const diffId of diffIds) {
    if (!isDigest(diffId)) reader.fail('has a malformed diff id');
  }
  return { ...rootfs, diff_ids: diffIds };
}

function checkHistory(reader: JsonReader, value: unknown): HistoryEntry[] {
  const entries = reader.array(value, 'history');
  if (entries.length > maxHistory) reader.fail(`has a history of ${entries.length} steps`);
  return entries.map((entry) =>
    checkedFields(reader.object(entry, 'history'), {
      created: (item) => reader.string(item, 'history.created'),
      created_by: (item) => reader.string(item, 'history.created_by'),
      author: (item) => reader.string(item, 'history.author'),
      comment: (item) => reader.string(item, 'history.comment'),
      empty_layer: (item) => reader.boolean(item, 'history.empty_layer'),
    }),
  );
}

function checkRunConfig(reader: JsonReader, value: unknown): ImageRunConfig {
  const text: FieldCheck = (item, field) => reader.string(item, `config.${field}`);
  const list: FieldCheck = (item, field) => reader.strings(item, `config.${field}`);
  const set: FieldCheck = (item, field) => reader.objectMap(item, `config.${field}`);
  return checkedFields(reader.object(value, 'config'), {
    User: text,
    WorkingDir: text,
    StopSignal: text,
    Env: list,
    Entrypoint: list,
    Cmd: list,
    OnBuild: list,
    Shell: list,
    ExposedPorts: set,
    Volumes: set,
    Labels: (item, field) => reader.stringMap(item, `config.${field}`),
    ArgsEscaped: (item, field) => reader.boolean(item, `config.${field}`),
    Healthcheck: (item) => checkHealthcheck(reader, item),
  });
}

function checkHealthcheck(reader: JsonReader, value: unknown): JsonObject {
  const number: FieldCheck = (item, field) => reader.number(item, `config.Healthcheck.${field}`);
  return checkedFields(reader.object(value, 'config.Healthcheck'), {
    Test: (item) => reader.strings(item, 'config.Healthcheck.Test'),
    Interval: number,
    Timeout: number,
    StartPeriod: number,
    StartInterval: number,
    Retries: number,
  });
}
