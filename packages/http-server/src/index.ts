export { closeGently } from './close-gently.ts';
export { drained, writeChunks } from './drain.ts';
export { ListenError, ServerClosingError } from './errors.ts';
export { defaultHttpLimits, type HttpLimits } from './http-limits.ts';
export { HttpServer, type HttpServerOptions, type ListenOptions } from './http-server.ts';
export type { BoundAddress, ListenPlace } from './listeners/listen-place.ts';
