import type { TarEntry } from './tar-entry.ts';
import { type TarHandler, TarParser } from './tar-parser.ts';

/** A member as `readTar` yields it. */
export interface TarMember {
  entry: TarEntry;
  /** The content as stored (without holes); can be read once, and only until the next member is asked for. */
  content: AsyncIterable<Uint8Array>;
}

type Event = { kind: 'entry'; entry: TarEntry } | { kind: 'data'; chunk: Uint8Array } | { kind: 'end' };

/**
 * Reads an archive member by member, pulling from `source` only as content is asked for. Content that is not read is
 * skipped. The chunks of `source` must not be reused by who makes them. Throws `CorruptTarError`. Reads `source` to
 * its end, beyond the end marker too, and closes it when the reader stops early.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember, void, void> {
  const events = parseEvents(source);
  try {
    for (let event = await nextEvent(events); event !== undefined; event = await nextEvent(events)) {
      if (event.kind !== 'entry') continue;
      const content = contentOf(events);
      yield { entry: event.entry, content };
      for await (const chunk of content) void chunk;
    }
  } finally {
    await events.return();
  }
}

async function nextEvent(events: AsyncGenerator<Event, void, void>): Promise<Event | undefined> {
  const { value, done } = await events.next();
  return done === true ? undefined : (value ?? undefined);
}

/** Iterates up to the member's end; stopping early leaves the rest for the next iteration. */
function contentOf(events: AsyncGenerator<Event, void, void>): AsyncIterable<Uint8Array> {
  let isOver = false;
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const event = isOver ? undefined : await nextEvent(events);
    if (event?.kind === 'data') return { value: event.chunk, done: false };
    isOver = true;
    return { value: undefined, done: true };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

async function* parseEvents(source: AsyncIterable<Uint8Array>): AsyncGenerator<Event, void, void> {
  let pending: Event[] = [];
  const handler: TarHandler = {
    entry: (entry) => void pending.push({ kind: 'entry', entry }),
    data: (chunk) => void pending.push({ kind: 'data', chunk }),
    end: () => void pending.push({ kind: 'end' }),
  };
  const parser = new TarParser(handler);
  for await (const chunk of source) {
    parser.write(chunk);
    const events = pending;
    pending = [];
    yield* events;
  }
  parser.finish();
}
