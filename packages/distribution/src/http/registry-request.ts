import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { errorMessage, freeChunk } from '@gantry/base';
import { RegistryRefusedError, RegistryUnreachableError } from '../errors.ts';
import type { RegistryHost } from '../hosts/registry-host.ts';
import { idleTimeoutMs, type RegistryAgents } from './registry-agents.ts';

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Sent with `Content-Length` where the headers have it, else chunked. Pieces are freed when they are sent. */
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
}

const maxRedirects = 10;
/**
 * Sends a request to a registry and follows its redirects, `GET` and `HEAD` only. To another host than the registry's neither its
 * credentials nor its certificates go along, and never from https to http. Throws `RegistryUnreachableError`,
 * `RegistryRefusedError` for a redirect that leads nowhere, the reason of an aborted signal. The response is paused.
 */
export async function sendRequest(
  agents: RegistryAgents,
  host: RegistryHost,
  request: RegistryRequest,
): Promise<IncomingMessage> {
  let { url } = request;
  let headers = request.headers;
  let trust = url.origin === new URL(host.baseUrl).origin ? host : undefined;
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(agents.agent(url, trust), { ...request, url, headers });
    const target = redirectOf(response, request, url);
    if (target === undefined) return response;
    response.resume();
    if (redirects === maxRedirects) {
      throw new RegistryRefusedError(
        request.url.href,
        response.statusCode ?? 0,
        `${url.href}: stopped after ${maxRedirects} redirects`,
      );
    }
    if (url.protocol === 'https:' && target.protocol !== 'https:') {
      throw new RegistryRefusedError(
        request.url.href,
        response.statusCode ?? 0,
        `${url.href} redirects from https to ${target.origin}: not followed`,
      );
    }
    if (target.origin !== url.origin) {
      trust = undefined;
      headers = withoutCredentials(headers, host);
    }
    url = target;
  }
}

function redirectOf(response: IncomingMessage, { method }: RegistryRequest, from: URL): URL | undefined {
  const { location } = response.headers;
  const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
  if (!isRedirect || location === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const target = URL.parse(location, from.href);
  if (target === null || !['http:', 'https:'].includes(target.protocol)) {
    response.resume();
    throw new RegistryRefusedError(
      from.href,
      response.statusCode ?? 0,
      `${from.href} redirects to ${JSON.stringify(location.slice(0, 200))}`,
    );
  }
  return target;
}

/** What was meant for the registry alone is left out. */
function withoutCredentials(
  headers: Readonly<Record<string, string>>,
  host: RegistryHost,
): Record<string, string> {
  const own = ['authorization', 'cookie', ...Object.keys(host.headers).map((name) => name.toLowerCase())];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name.toLowerCase())));
}

function send(
  agent: http.Agent,
  { method, url, headers, body, signal }: RegistryRequest,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request } = url.protocol === 'https:' ? https : http;
  const outgoing = request(url, {
    agent,
    method,
    headers: body instanceof Uint8Array ? { ...headers, 'Content-Length': String(body.length) } : headers,
    ...(signal === undefined ? {} : { signal }),
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no data for ${idleTimeoutMs / 1000} seconds`)));
  outgoing.on('socket', freeWhatIsParsed);
  outgoing.on('response', resolve);
  outgoing.on('error', (error) => {
    reject(
      signal?.aborted === true
        ? signal.reason
        : new RegistryUnreachableError(url.href, reasonOf(error), error),
    );
  });
  if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
  else void writeBody(outgoing, body);
  return promise;
}

/**
 * Node's parser gives copies of a body's bytes: what came from the socket is of no use once all its listeners have seen it, and would
 * wait, as much as the body, for the collection of garbage.
 */
function freeWhatIsParsed(socket: Duplex): void {
  if (!socket.listeners('data').includes(freeLater)) socket.on('data', freeLater);
}

function freeLater(chunk: Buffer): void {
  process.nextTick(freeChunk, chunk);
}

async function writeBody(outgoing: http.ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(chunk, () => freeChunk(chunk))) await drained(outgoing);
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error(errorMessage(error)));
  }
}

/** Resolves as well when the request is over: nothing will be drained then. */
function drained(outgoing: http.ClientRequest): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    outgoing.off('drain', done);
    outgoing.off('close', done);
    resolve();
  };
  outgoing.on('drain', done);
  outgoing.on('close', done);
  return promise;
}

const certificateHints: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'put its certificate into certs.d as ca.crt, or name the registry in "insecure-registries"',
  SELF_SIGNED_CERT_IN_CHAIN: 'put the certificate of its authority into certs.d as ca.crt',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'put the certificate of its authority into certs.d as ca.crt',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'put the certificate of its authority into certs.d as ca.crt',
  CERT_HAS_EXPIRED: "renew the registry's certificate, or set this host's clock right",
  CERT_NOT_YET_VALID: "set this host's clock right",
  ERR_TLS_CERT_ALTNAME_INVALID: 'use the name that the certificate was made for',
};

const clientHint = 'it wants a certificate of the client: put client.cert and client.key into certs.d';
const otherClientHint = 'it does not take the certificate of the client that is in certs.d';
/** What the other side says of us. */
const alertHints: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientHint,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: clientHint,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: otherClientHint,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: otherClientHint,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: otherClientHint,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: otherClientHint,
};

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  const hint = certificateHints[code];
  // Several addresses of one name were tried: each has an error of its own.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const text = errorMessage(first) || code;
  if (hint !== undefined) return `tls: failed to verify certificate: ${text}: ${hint}`;
  const alert = alertHints[code];
  if (alert !== undefined) return `tls: the registry refused the connection: ${alert}`;
  if (code === 'EPROTO')
    return `http: server gave HTTP response to HTTPS client (${text}): name the registry in "insecure-registries" if it is to be spoken to without TLS`;
  return text;
}
