import type { Page } from './registry-storage.ts';

export interface RepositoryInfo {
  name: string;
  /** RFC 3339, as all times here. */
  createdAt: string;
  /** When a manifest was last written. */
  pushedAt?: string;
  /** When a manifest was last read; up to a minute old after a crash. */
  pulledAt?: string;
}

/** A repository is there from its first blob or manifest until nothing is left in it and it was collected. */
export interface Repositories {
  get(name: string): RepositoryInfo | undefined;
  /** In order of name. */
  list(page: Page): RepositoryInfo[];
}
