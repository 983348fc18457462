import type { EventMessage } from '@gantry/api-types';
import { systemEventLines } from '@gantry/client';
import { formatNanoTime } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { parseTimestamp } from '../../options/timestamp.ts';
import { goJson } from '../../output/go-json.ts';
import { renderOne } from '../../output/one-template.ts';

/** `gantry events`. */
export const eventsCommand: CommandHandler = async ({ flags, engine, stdout }) => {
  const format = flags.string('format');
  const now = new Date();
  const lines = await systemEventLines(await engine(), {
    since: parseTimestamp(flags.string('since'), now),
    until: parseTimestamp(flags.string('until'), now),
    filters: parseFilters(flags.list('filter')),
  });
  for await (const line of lines) {
    if (format === 'json') stdout.write(`${sortedAttributes(line)}\n`);
    else stdout.write(`${describe(line, format)}\n`);
  }
  return 0;
};

function describe(line: string, format: string): string {
  const event = JSON.parse(line) as EventMessage;
  const withTime = {
    ...event,
    TimeNano: /"timeNano":\s*(\d+)/.exec(line)?.[1] ?? event.timeNano,
    Time: event.time,
    Scope: event.scope,
    ID: event.Actor?.ID,
    Status: event.Action,
    From: event.Actor?.Attributes?.['image'] ?? '',
  };
  return format === ''
    ? sentence(event, line)
    : renderOne(format, withTime, '*events.Message', formatFailure);
}

const formatFailure = { prefix: 'Error parsing format: ', exitCode: 64 };

/** The line with its attributes in order, as Go writes a map. The time keeps all its digits. */
function sortedAttributes(line: string): string {
  const { Actor } = JSON.parse(line) as EventMessage;
  const attributes = Actor?.Attributes;
  if (attributes === undefined) return line.trim();
  const sorted = Object.fromEntries(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return line
    .trim()
    .replace(`"Attributes":${JSON.stringify(attributes)}`, () => `"Attributes":${goJson(sorted)}`);
}

function sentence({ Type, Action, Actor, time }: EventMessage, line: string): string {
  const nanoseconds = /"timeNano":\s*(\d+)/.exec(line)?.[1];
  const stamp = nanoseconds === undefined ? BigInt(time ?? 0) * 1_000_000_000n : BigInt(nanoseconds);
  const attributes = Object.entries(Actor?.Attributes ?? {})
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  const tail = attributes.length > 0 ? ` (${attributes.join(', ')})` : '';
  return `${formatNanoTime(stamp)} ${Type} ${Action} ${Actor?.ID ?? ''}${tail}`;
}
