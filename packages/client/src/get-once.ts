import { apiVersion } from './api-version.ts';
import { exchangeWhole } from './http/whole-response.ts';
import { connectPlain, type PlainAddress } from './open-socket.ts';

const maxBytes = 64 * 1024 * 1024;

/**
 * One GET of JSON and nothing around it: no negotiation, no TLS, no retry. For a program that has to answer before a
 * larger client would be loaded. Resolves with undefined when the status is not 200; rejects when nothing answers.
 */
export async function getOnce(address: PlainAddress, target: string): Promise<unknown> {
  const headers = { Host: 'localhost' };
  const request = { method: 'GET', target: `/v${apiVersion}${target}`, headers };
  const { status, body } = await exchangeWhole(connectPlain(address), request, maxBytes);
  return status === 200 ? JSON.parse(body.toString('utf8')) : undefined;
}
