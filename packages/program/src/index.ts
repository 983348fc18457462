export { notifyManager } from './notify-manager.ts';
export {
  isLogFormat,
  isLogLevel,
  type LogFormat,
  type LogLevel,
  logFormats,
  logLevels,
  openLogger,
  type ProgramLogger,
} from './open-logger.ts';
export { shrinkHeap } from './shrink-heap.ts';
export { terminationSignal } from './termination-signal.ts';
