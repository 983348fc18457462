import { checkRepository, checkTag } from '../names.ts';
import type { ChangeOptions, Page } from '../registry-storage.ts';
import type { TagInfo, TagRemoval, Tags } from '../tags.ts';
import { change, type StorageContext } from './storage-context.ts';
import { pageAfter } from './tables.ts';

export class StoredTags implements Tags {
  readonly #context: StorageContext;

  constructor(context: StorageContext) {
    this.#context = context;
  }

  get(repository: string, tag: string): TagInfo | undefined {
    const document = this.#context.tables.tags.get(`${checkRepository(repository)}:${checkTag(tag)}`);
    return document === undefined ? undefined : { tag, ...document };
  }

  list(repository: string, page: Page): TagInfo[] {
    const prefix = `${checkRepository(repository)}:`;
    return pageAfter(this.#context.tables.tags, prefix, page).map(({ name, document }) => ({
      tag: name,
      ...document,
    }));
  }

  async remove(repository: string, tag: string, options: ChangeOptions<TagRemoval> = {}): Promise<boolean> {
    const key = `${checkRepository(repository)}:${checkTag(tag)}`;
    const { tags, tagsOf } = this.#context.tables;
    return await change(this.#context, () => {
      const document = tags.get(key);
      if (document === undefined) return false;
      const { digest } = document;
      options.inTransaction?.({ repository, tag, digest });
      tags.delete(key);
      tagsOf.delete(`${repository}@${digest}:${tag}`);
      return true;
    });
  }
}
