import type { EngineError } from '@gantry/base';
import { maxDocumentBytes } from '@gantry/oci';
import { RegistryRefusedError } from '../errors.ts';
import { readBody } from '../http/registry-answer.ts';
import type { RegistryAnswer } from './registry-connection.ts';

const pageTags = 1000;
/** No repository has so many; a registry whose pages never end has no tags to give. */
const maxPages = 1000;

/** The tags of a repository, as its `Link` headers lead on (distribution spec, "Listing Tags"). */
export async function* tagPages(
  repository: string,
  {
    ask,
    refusal,
  }: {
    ask: (path: string | URL) => Promise<RegistryAnswer>;
    refusal: (answer: RegistryAnswer) => Promise<EngineError>;
  },
): AsyncGenerator<string, void, void> {
  let path: string | URL = `${repository}/tags/list?n=${pageTags}`;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await ask(path);
    const url = answer.url.href;
    if (answer.status !== 200) throw await refusal(answer);
    yield* tagsIn(await readBody(answer.response, url, maxDocumentBytes), url);
    const next = nextPage(answer);
    if (next === undefined) return;
    path = next;
  }
  throw new RegistryRefusedError(repository, 200, `${repository}: the list of tags has no end`);
}

function tagsIn(body: Buffer, url: string): string[] {
  let tags: unknown;
  try {
    ({ tags } = JSON.parse(body.toString()) as { tags: unknown });
  } catch {
    throw new RegistryRefusedError(url, 200, `${url}: the list of tags is not JSON`);
  }
  return Array.isArray(tags)
    ? tags.filter((tag) => typeof tag === 'string' && /^\w[\w.-]{0,127}$/.test(tag))
    : [];
}

/** Only on the registry itself. */
function nextPage({ response, url }: RegistryAnswer): URL | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers['link']?.toString() ?? '')?.[1];
  const next = target === undefined ? null : URL.parse(target, url.href);
  return next?.origin === url.origin ? next : undefined;
}
