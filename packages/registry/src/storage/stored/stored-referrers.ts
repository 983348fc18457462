import { type Descriptor, parseDigest } from '@gantry/oci';
import { checkRepository } from '../names.ts';
import type { Referrers } from '../referrers.ts';
import type { Page } from '../registry-storage.ts';
import { pageAfter, type Tables } from './tables.ts';

export class StoredReferrers implements Referrers {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  list(repository: string, subject: string, page: Page): Descriptor[] {
    const prefix = `${checkRepository(repository)}@${parseDigest(subject)}@`;
    return pageAfter(this.#tables.referrers, prefix, page).map(({ document }) => document);
  }
}
