export { ChildEngine } from './child-engine.ts';
export { type Journal, readJournal } from './journal.ts';
export {
  type Collected,
  collect,
  type FixtureStart,
  pssKilobytes,
  type RuntimeFixture,
  runtimeFixture,
  until,
} from './runtime-fixture.ts';
