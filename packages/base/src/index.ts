export { BoundedQueue } from './bounded-queue.ts';
export { parseByteSize } from './byte-size.ts';
export { type Clock, systemClock } from './clock.ts';
export {
  EngineError,
  type ErrorDetails,
  type ErrorKind,
  type ErrorOptionsWithDetails,
  errorKind,
  errorMessage,
} from './errors.ts';
export { faultPoint, faultPointChannel } from './fault-point.ts';
export { freeChunk } from './free-chunk.ts';
export { parseGoBoolean } from './go-boolean.ts';
export { parseGoDuration } from './go-duration.ts';
export { KeyedLock } from './keyed-lock.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { Semaphore } from './semaphore.ts';
export { splitCommas } from './split-commas.ts';
export { buildFacts, gantryVersion } from './version.ts';
