export {
  PluginFailedError,
  PluginMethodMissingError,
  PluginNotFoundError,
  PluginRefusedError,
} from './errors.ts';
export type { PluginAddress, PluginTls } from './plugin-address.ts';
export { type PluginCall, PluginClient, type PluginClientOptions } from './plugin-client.ts';
export { PluginDirectories } from './plugin-directories.ts';
