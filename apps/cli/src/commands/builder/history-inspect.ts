import type { control } from '@gantry/buildkit';
import { alignColumns, formatNanoTime } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { renderOne } from '../../output/one-template.ts';
import { withControl } from './control.ts';
import {
  type BuildRecord,
  findRecord,
  readBlob,
  recordDuration,
  recordName,
  recordStatus,
  timeNs,
  timeOf,
} from './history-records.ts';
import { readLocalRecord } from './local-records.ts';

interface Attachment {
  readonly Digest: string;
  readonly Platform?: string;
  readonly Type: string;
}

/** `gantry builder history inspect`. */
export const historyInspectCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout } = invocation;
  const format = flags.string('format');
  return await withControl(invocation, async (calls) => {
    const record = await findRecord(calls, args[0] ?? '');
    const document = documentOf(record, invocation);
    if (format === 'pretty' || format === '') stdout.write(prettyText(record, document));
    else if (format === 'json') stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    else stdout.write(`${renderOne(format, document, 'inspectOutput')}\n`);
    return 0;
  });
};

/** `gantry builder history inspect attachment`: a document by its digest, else by type and platform. */
export const historyAttachmentCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout } = invocation;
  const [ref = '', digest = ''] = args;
  const type = flags.string('type');
  const platform = flags.string('platform');
  if (digest === '' && type === '' && platform === '') {
    throw new CommandError(1, 'ERROR: at least one of --type, --platform or DIGEST must be specified');
  }
  return await withControl(invocation, async (calls) => {
    const attachments = attachmentsOf(await findRecord(calls, ref));
    const found = attachments.find(
      (attachment) =>
        (digest === '' || attachment.Digest === digest) &&
        (type === '' || isType(attachment.Type, type)) &&
        (platform === '' || attachment.Platform === platform),
    );
    if (found === undefined)
      throw new CommandError(1, `ERROR: no matching attachment found for ref ${JSON.stringify(ref)}`);
    stdout.write(await readBlob(calls, found.Digest));
    return 0;
  });
};

function isType(found: string, wanted: string): boolean {
  const short: Readonly<Record<string, RegExp>> = { provenance: /slsa\.dev\/provenance/, sbom: /spdx\.dev/ };
  return found === wanted || (short[wanted]?.test(found) ?? false);
}

interface RecordDocument {
  readonly Name: string;
  readonly Ref: string;
  readonly Context?: string;
  readonly Dockerfile: string;
  readonly Target?: string;
  readonly StartedAt: string;
  readonly CompletedAt?: string;
  readonly Duration: number;
  readonly Status: string;
  readonly Error?: { Message: string };
  readonly NumCompletedSteps: number;
  readonly NumTotalSteps: number;
  readonly NumCachedSteps: number;
  readonly BuildArgs?: readonly { Name: string; Value: string }[];
  readonly Labels?: readonly { Name: string; Value: string }[];
  readonly Config?: { ImageResolveMode?: string; NoCache?: boolean };
  readonly Attachments?: readonly Attachment[];
}

function documentOf(record: BuildRecord, { configDirectory }: Invocation): RecordDocument {
  const { frontendAttrs, ref, createdAt, completedAt, error } = record;
  const place = readLocalRecord(configDirectory, ref)?.LocalPath;
  const context = frontendAttrs.get('context') ?? place?.split('/').at(-1);
  const target = frontendAttrs.get('target');
  const mode = frontendAttrs.get('image-resolve-mode');
  const attachments = attachmentsOf(record);
  const config = {
    ...(mode && { ImageResolveMode: mode }),
    ...(frontendAttrs.has('no-cache') && { NoCache: true }),
  };
  const endNs = completedAt === undefined ? BigInt(Date.now()) * 1_000_000n : timeNs(completedAt);
  return {
    Name: recordName(record, place),
    Ref: ref,
    ...(context && { Context: context }),
    Dockerfile: frontendAttrs.get('filename') ?? 'Dockerfile',
    ...(target && { Target: target }),
    StartedAt: timeOf(createdAt).toISOString(),
    ...(completedAt && { CompletedAt: timeOf(completedAt).toISOString() }),
    Duration: Number(endNs - timeNs(createdAt)),
    Status: recordStatus(record).toLowerCase(),
    ...(error && { Error: { Message: error.message } }),
    NumCompletedSteps: record.numCompletedSteps,
    NumTotalSteps: record.numTotalSteps,
    NumCachedSteps: record.numCachedSteps,
    ...listed('BuildArgs', frontendAttrs, 'build-arg:'),
    ...listed('Labels', frontendAttrs, 'label:'),
    ...(Object.keys(config).length > 0 && { Config: config }),
    ...(attachments.length > 0 && { Attachments: attachments }),
  };
}

function listed(name: string, attributes: ReadonlyMap<string, string>, prefix: string): object {
  const found = [...attributes]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, Value]) => ({ Name: key.slice(prefix.length), Value }));
  return found.length > 0 ? { [name]: found } : {};
}

function attachmentsOf({ result, results }: BuildRecord): Attachment[] {
  const ofOne = (info: control.BuildResultInfo, platform: string): Attachment[] =>
    [...info.results.values(), ...info.attestations].map(({ digest, mediaType, annotations }) => ({
      Digest: digest,
      ...(platform !== '' && { Platform: platform }),
      Type: annotations.get('in-toto.io/predicate-type') ?? mediaType,
    }));
  return [
    ...(result === undefined ? [] : ofOne(result, '')),
    ...[...results].flatMap(([platform, info]) => ofOne(info, platform)),
  ];
}

function prettyText(record: BuildRecord, document: RecordDocument): string {
  const cached =
    document.NumTotalSteps > 0 ? Math.trunc((document.NumCachedSteps * 100) / document.NumTotalSteps) : 0;
  const steps = `${document.NumCompletedSteps}/${document.NumTotalSteps} (${cached}% cached)`;
  const started = formatNanoTime(timeNs(record.createdAt)).slice(0, 19).replace('T', ' ');
  const facts: [string, string | undefined][] = [
    ['Name', document.Name],
    ['Ref', document.Ref],
    ['Context', document.Context],
    ['Dockerfile', document.Dockerfile],
    ['Target', document.Target],
    ['Started', started],
    ['Duration', recordDuration(record, Date.now())],
    ['Status', document.Status === 'completed' ? undefined : document.Status],
    ['Error', document.Error?.Message],
    ['Build Steps', steps],
    ['Image Resolve Mode', document.Config?.ImageResolveMode],
  ];
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}:\t${value}`]));
  return [
    alignColumns(lines.join('\n')),
    ...tableOf(
      'Build Args',
      ['NAME', 'VALUE'],
      document.BuildArgs?.map(({ Name, Value }) => [Name, Value]),
    ),
    ...tableOf(
      'Labels',
      ['NAME', 'VALUE'],
      document.Labels?.map(({ Name, Value }) => [Name, Value]),
    ),
    ...tableOf(
      'Attachments',
      ['DIGEST', 'PLATFORM', 'TYPE'],
      document.Attachments?.map(({ Digest, Platform = '', Type }) => [Digest, Platform, Type]),
    ),
    `\nPrint build logs: gantry builder history logs ${document.Ref}\n`,
  ].join('\n');
}

function tableOf(
  title: string,
  headings: readonly string[],
  rows: readonly string[][] | undefined,
): string[] {
  if (rows === undefined || rows.length === 0) return [];
  return [`\n${title}:`, alignColumns([headings, ...rows].map((row) => row.join('\t')).join('\n'))];
}
