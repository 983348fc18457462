/** An image name in parts. A digest wins over a tag, as in Docker. */
export interface ImageName {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Splits `host:port/name:tag@digest`; the engine judges whether the parts are valid. */
export function splitImageName(text: string): ImageName {
  const [name = '', digest] = text.split('@', 2);
  const match = /^(.+):([^/:]*)$/s.exec(name);
  return { repository: match?.[1] ?? name, tag: match?.[2], digest };
}

/** With `:latest` when it has neither tag nor digest. */
export function withDefaultTag(text: string): string {
  const { tag, digest } = splitImageName(text);
  return tag === undefined && digest === undefined ? `${text}:latest` : text;
}
