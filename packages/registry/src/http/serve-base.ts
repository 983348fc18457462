import type { RegistryExchange } from './registry-exchange.ts';
import { sendJson } from './respond.ts';

/** `GET /v2/`: that this is a registry, and whether the caller has to sign in. */
export async function serveBase(exchange: RegistryExchange): Promise<void> {
  const caller = await exchange.caller();
  caller.requireSignIn();
  sendJson(exchange, {});
}
