import path from 'node:path';
import { silentLogger } from '@gantry/base';
import { temporaryRoot } from '@gantry/testkit';
import { metadataStoreConformance } from '../../testing/index.ts';
import type { MetadataStore } from '../metadata-store.ts';
import { openMetadataStore } from '../open-metadata-store.ts';

metadataStoreConformance('SqliteMetadataStore', async () => {
  const root = await temporaryRoot('state');
  let current: MetadataStore | undefined;
  return {
    reopen: () => {
      current?.[Symbol.dispose]();
      current = openMetadataStore({ path: path.join(root.path, 'state.db'), logger: silentLogger });
      return current;
    },
    [Symbol.asyncDispose]: async () => {
      current?.[Symbol.dispose]();
      await root[Symbol.asyncDispose]();
    },
  };
});
