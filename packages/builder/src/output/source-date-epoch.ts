import { InvalidBuildError } from '../errors.ts';

/** The `SOURCE_DATE_EPOCH` of a build, in seconds; undefined when it has none. Throws `InvalidBuildError`. */
export function sourceDateEpoch(buildArguments: ReadonlyMap<string, string | undefined>): number | undefined {
  const text = buildArguments.get('SOURCE_DATE_EPOCH');
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidBuildError(`invalid SOURCE_DATE_EPOCH: ${JSON.stringify(text)}`);
}
