import type { Page } from '../registry-storage.ts';
import type { Repositories, RepositoryInfo } from '../repositories.ts';
import { pageAfter, type Tables } from './tables.ts';

export class StoredRepositories implements Repositories {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  get(name: string): RepositoryInfo | undefined {
    const document = this.#tables.repositories.get(name);
    return document === undefined ? undefined : { name, ...document };
  }

  list(page: Page): RepositoryInfo[] {
    return pageAfter(this.#tables.repositories, '', page).map(({ name, document }) => ({
      name,
      ...document,
    }));
  }
}
