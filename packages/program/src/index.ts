export { notifyManager } from './notify-manager.ts';
export { isLogLevel, type LogLevel, logLevels, openLogger, type ProgramLogger } from './open-logger.ts';
export { terminationSignal } from './termination-signal.ts';
