export type * from './definitions.ts';
export type * from './requests.ts';
