import { CommandError } from '../errors.ts';

/** `os[/arch[/variant]]` as the JSON object that image routes take; undefined for an empty text. */
export function platformJson(text: string): string | undefined {
  if (text === '') return undefined;
  const [os = '', architecture, variant, ...rest] = text.split('/');
  if (rest.length > 0 || text.split('/').some((part) => !/^[\w.-]+$/.test(part))) {
    throw new CommandError(1, `invalid platform: ${JSON.stringify(text)}: must be os[/arch[/variant]]`);
  }
  return JSON.stringify({
    ...(architecture === undefined ? {} : { architecture }),
    os,
    ...(variant === undefined ? {} : { variant }),
  });
}

/** Several of them, for `--platform` flags that may be repeated. */
export function platformsJson(texts: readonly string[]): string[] | undefined {
  const platforms = texts.flatMap((text) => platformJson(text) ?? []);
  return platforms.length === 0 ? undefined : platforms;
}
