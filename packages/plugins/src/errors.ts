import { EngineError } from '@gantry/base';

/** No socket and no file names the plugin; Docker's words. */
export class PluginNotFoundError extends EngineError {
  override readonly name = 'PluginNotFoundError';
  constructor(plugin: string) {
    super('not-found', 'plugin-missing', `plugin ${JSON.stringify(plugin)} not found`, {
      details: { plugin },
    });
  }
}

/** A plugin did not answer as the protocol wants it, or said that it failed. The message begins with the method, as Docker's. */
export class PluginFailedError extends EngineError {
  override readonly name: string = 'PluginFailedError';
  constructor(plugin: string, fact: string, cause?: unknown) {
    super('internal', 'plugin-failed', fact, { details: { plugin }, cause });
  }
}

/** The plugin answered, with an error of its own. */
export class PluginRefusedError extends PluginFailedError {
  override readonly name: string = 'PluginRefusedError';
}

/** The plugin answers, and does not know the method. */
export class PluginMethodMissingError extends PluginRefusedError {
  override readonly name = 'PluginMethodMissingError';
  constructor(plugin: string, method: string) {
    super(plugin, `${method}: the plugin does not have this method`);
  }
}
