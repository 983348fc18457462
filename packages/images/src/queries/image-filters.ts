import type { Filters } from '@gantry/api-types';
import { familiarName, familiarString, parseReference } from '@gantry/oci';
import { InvalidFilterError } from '../errors.ts';
import { globMatcher } from './glob.ts';
import { pointInTime } from './point-in-time.ts';

/** What a filter looks at. */
interface FilterSubject {
  /** Canonical. */
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch. */
  createdMs: number;
}

export interface ImageFilter {
  matches(subject: FilterSubject): boolean;
  /** Of an image's canonical names those that are to be shown. */
  namesOf(names: readonly string[]): readonly string[];
}

export interface FilterContext {
  /** When the image of a `before` or `since` was made. Throws `ImageNotFoundError`. */
  createdMsOf: (ref: string) => Promise<number>;
  nowMs: number;
}

type Test = (subject: FilterSubject) => boolean;

const filterNames: ReadonlySet<string> = new Set([
  'before',
  'dangling',
  'label',
  'label!',
  'reference',
  'since',
  'until',
]);

/** Docker's filters of the image list. Values of one filter: all labels, any reference. Throws `InvalidFilterError`, `ImageNotFoundError`. */
export async function compileImageFilters(filters: Filters, context: FilterContext): Promise<ImageFilter> {
  for (const name of filters.keys()) {
    if (!filterNames.has(name)) throw new InvalidFilterError(name);
  }
  const values = (name: string): readonly string[] => filters.get(name) ?? [];
  const isShown = nameTest(values('reference'));
  const tests: Test[] = [
    ...danglingTests(values('dangling')),
    ...values('label').map(
      (value): Test =>
        ({ labels }) =>
          hasLabel(labels, value),
    ),
    ...values('label!').map(
      (value): Test =>
        ({ labels }) =>
          !hasLabel(labels, value),
    ),
    ...untilTests(values('until'), context.nowMs),
    ...(isShown === undefined ? [] : [({ names }: FilterSubject) => names.some(isShown)]),
  ];
  for (const ref of values('before')) {
    const limitMs = await context.createdMsOf(ref);
    tests.push(({ createdMs }) => createdMs < limitMs);
  }
  for (const ref of values('since')) {
    const limitMs = await context.createdMsOf(ref);
    tests.push(({ createdMs }) => createdMs > limitMs);
  }
  return {
    matches: (subject) => tests.every((test) => test(subject)),
    namesOf: (names) => (isShown === undefined ? names : names.filter(isShown)),
  };
}

function danglingTests(values: readonly string[]): Test[] {
  if (values.length === 0) return [];
  const wanted = new Set(
    values.map((value) => {
      if (['1', 't', 'true'].includes(value.toLowerCase())) return true;
      if (['0', 'f', 'false'].includes(value.toLowerCase())) return false;
      throw new InvalidFilterError('dangling', value);
    }),
  );
  return [({ names }) => wanted.has(names.length === 0)];
}

function hasLabel(labels: Readonly<Record<string, string>>, asked: string): boolean {
  const equals = asked.indexOf('=');
  const key = equals < 0 ? asked : asked.slice(0, equals);
  if (!Object.hasOwn(labels, key)) return false;
  return equals < 0 || labels[key] === asked.slice(equals + 1);
}

function untilTests(values: readonly string[], nowMs: number): Test[] {
  return values.map((value) => {
    const limitMs = pointInTime(value, nowMs);
    if (limitMs === undefined) throw new InvalidFilterError('until', value);
    return ({ createdMs }) => createdMs < limitMs;
  });
}

function nameTest(patterns: readonly string[]): ((canonical: string) => boolean) | undefined {
  if (patterns.length === 0) return undefined;
  const matchers = patterns.map((pattern) => {
    const matcher = globMatcher(pattern);
    if (matcher === undefined) throw new InvalidFilterError('reference', pattern);
    return matcher;
  });
  return (canonical) => {
    const reference = parseReference(canonical);
    const forms = [familiarString(reference), familiarName(reference)];
    return matchers.some((matches) => forms.some(matches));
  };
}
