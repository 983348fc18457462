import { type Clock, EngineError, errorMessage, systemClock } from '@gantry/base';
import { PluginFailedError, PluginMethodMissingError, PluginRefusedError } from './errors.ts';
import { connectionOptions, type PluginAddress } from './plugin-address.ts';
import { ConnectionFailedError, type PostedAnswer, postJson } from './post-json.ts';

export interface PluginClientOptions {
  /** Asked before each call: a plugin that was started again may listen elsewhere. */
  address: () => PluginAddress;
  clock?: Clock;
}

export interface PluginCall {
  /** From the request to the last byte of the answer; half a minute when missing. */
  timeoutMs?: number;
  /**
   * Whether to try again, over a few seconds, while nobody listens: a plugin that is being started. A call that reached the plugin is
   * never made twice.
   */
  patient?: boolean;
  signal?: AbortSignal;
}

const defaultTimeoutMs = 30_000;
const retryDelaysMs: readonly number[] = [100, 200, 400, 800, 1600, 3200];

/**
 * Calls a plugin: POST of JSON to `/<method>`, JSON back, at most a megabyte. Before the first call it asks the plugin what it is
 * (`Plugin.Activate`), once for each address.
 */
export class PluginClient {
  readonly name: string;
  readonly #options: PluginClientOptions;
  /** Address that answered the handshake → roles. */
  #activated: { address: string; roles: readonly string[] } | undefined;

  constructor(name: string, options: PluginClientOptions) {
    this.name = name;
    this.#options = options;
  }

  /** What the plugin says that it implements: `VolumeDriver`, `authz` … Throws `PluginFailedError`. */
  async roles(options: PluginCall = {}): Promise<readonly string[]> {
    const address = JSON.stringify(this.#options.address());
    if (this.#activated?.address === address) return this.#activated.roles;
    const { Implements: roles } = await this.#post('Plugin.Activate', undefined, options);
    const known = Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
    this.#activated = { address, roles: known };
    return known;
  }

  /**
   * The plugin's answer to `method`. Throws `PluginFailedError` when nobody answers in time, or with anything but a JSON object, and
   * when it does not implement `role`; `PluginRefusedError` for an error of its own (`VolumeDriver.Create: its words`), and
   * `PluginMethodMissingError` when it does not have the method.
   */
  async call(
    role: string,
    method: string,
    question: object,
    options: PluginCall = {},
  ): Promise<Record<string, unknown>> {
    if (!(await this.roles(options)).includes(role)) {
      throw new PluginFailedError(this.name, `plugin does not implement the requested driver: ${role}`);
    }
    return await this.#post(method, question, options);
  }

  async #post(
    method: string,
    question: object | undefined,
    options: PluginCall,
  ): Promise<Record<string, unknown>> {
    try {
      const { status, text } = await this.#send(
        method,
        question === undefined ? '' : JSON.stringify(question),
        options,
      );
      if (status === 404) throw new PluginMethodMissingError(this.name, method);
      if (status !== 200) {
        throw new PluginRefusedError(this.name, `${method}: ${errorText(text) || `status ${status}`}`);
      }
      const answer: unknown = text.trim() === '' ? {} : JSON.parse(text);
      if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
        throw new Error('its answer is no JSON object');
      }
      return answer as Record<string, unknown>;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof EngineError) throw error;
      throw new PluginFailedError(this.name, `${method}: ${errorMessage(error)}`, error);
    }
  }

  async #send(method: string, body: string, options: PluginCall): Promise<PostedAnswer> {
    const { clock = systemClock } = this.#options;
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    const delays = options.patient === true ? [...retryDelaysMs] : [];
    for (;;) {
      try {
        const address = this.#options.address();
        const connection = connectionOptions(this.name, address);
        const secure = address.kind === 'tcp' && address.tls !== undefined;
        return await postJson({
          connection,
          secure,
          path: `/${method}`,
          body,
          timeoutMs,
          ...(signal && { signal }),
        });
      } catch (error) {
        const delayMs = error instanceof ConnectionFailedError ? delays.shift() : undefined;
        if (delayMs === undefined) throw error;
        await clock.sleep(delayMs, signal);
      }
    }
  }
}

/** A plugin that fails says why in `Err`, or in plain text. */
function errorText(text: string): string {
  try {
    const { Err } = JSON.parse(text) as { Err?: unknown };
    if (typeof Err === 'string') return Err.slice(0, 1000);
  } catch {
    return text.trim().slice(0, 1000);
  }
  return '';
}
