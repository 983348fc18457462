import type { Registries } from '../src/index.ts';

/** For tests that pull nothing. */
export const noRegistries: Registries = {
  repository: () => Promise.reject(new Error('this test has no registry')),
};
