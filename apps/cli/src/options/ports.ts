import type { PortBinding } from '@gantry/api-types';
import { CommandError } from '../errors.ts';
import { isIP } from './is-ip.ts';

export interface ParsedPorts {
  /** `80/tcp` to nothing, as the API has it. */
  readonly exposed: Record<string, Record<string, never>>;
  readonly bindings: Record<string, PortBinding[]>;
}

/**
 * `-p [[ip:]host:]container[/protocol]`, each port also a range, and `--expose`. Ranges on both sides are of equal
 * length; a host range for one container port lets the engine pick from it. Throws `CommandError` in Docker's words.
 */
export function parsePorts(published: readonly string[], exposed: readonly string[]): ParsedPorts {
  const ports: ParsedPorts = { exposed: {}, bindings: {} };
  for (const text of published) {
    const wanted = text.includes('=') ? fromFields(text) : text;
    addPublished(ports, wanted);
  }
  for (const text of exposed) {
    if (text.includes(':')) throw failure(`invalid port format for --expose: ${text}`);
    const [range = '', protocol = 'tcp'] = text.split('/');
    const { from, to } = parseRange(range, (reason) =>
      failure(`invalid range format for --expose: ${reason}`),
    );
    for (let port = from; port <= to; port += 1) ports.exposed[`${port}/${protocol.toLowerCase()}`] = {};
  }
  return ports;
}

function addPublished({ exposed, bindings }: ParsedPorts, text: string): void {
  const { ip, host, container, protocol } = splitPublished(text);
  const inside = parseRange(container, () => failure(`invalid containerPort: ${container}`));
  const outside = host === '' ? undefined : parseRange(host, () => failure(`invalid hostPort: ${host}`));
  const insideCount = inside.to - inside.from + 1;
  const outsideCount = outside === undefined ? insideCount : outside.to - outside.from + 1;
  if (outsideCount !== insideCount && insideCount !== 1) {
    throw failure(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  for (let index = 0; index < insideCount; index += 1) {
    const key = `${inside.from + index}/${protocol}`;
    exposed[key] = {};
    const hostPort =
      outside === undefined ? '' : outsideCount === insideCount ? String(outside.from + index) : host;
    (bindings[key] ??= []).push({ HostIp: ip, HostPort: hostPort });
  }
}

interface Published {
  ip: string;
  host: string;
  container: string;
  protocol: string;
}

function splitPublished(text: string): Published {
  const [, body = '', protocolText = 'tcp'] = /^(.*?)(?:\/([^/]*))?$/s.exec(text) ?? [];
  const match = /^(?:(\[[^\]]*\]|.*?):)?(?:([^:]*):)?([^:]*)$/.exec(body);
  const parts = match === null ? [] : [match[1], match[2], match[3]];
  // Two parts are host and container, three have the address in front.
  const [ip, host, container = ''] = parts[1] === undefined ? ['', parts[0] ?? '', parts[2]] : parts;
  const protocol = protocolText.toLowerCase();
  if (container === '') throw failure(`no port specified: ${text}<empty>`);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw failure(`invalid proto: ${protocolText}`);
  const address = (ip ?? '').replace(/^\[(.*)\]$/, '$1');
  if (address !== '' && isIP(address) === 0) throw failure(`invalid IP address: ${address}`);
  return { ip: address, host: host ?? '', container, protocol };
}

function parseRange(text: string, fail: (reason: string) => CommandError): { from: number; to: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const from = Number(match?.[1] ?? Number.NaN);
  const to = Number(match?.[2] ?? from);
  if (!(from >= 0 && to <= 65_535 && from <= to)) {
    const word = text.split('-').find((part) => !/^\d+$/.test(part));
    const reason =
      word === undefined
        ? 'invalid port range'
        : `strconv.ParseUint: parsing ${JSON.stringify(word)}: invalid syntax`;
    throw fail(`${text}, error: ${reason}`);
  }
  return { from, to };
}

/** The long notation, `published=8080,target=80,protocol=udp`, in the short one. */
function fromFields(text: string): string {
  const fields = new Map(text.split(',').map((field) => field.split('=', 2) as [string, string]));
  for (const [name, value] of fields) {
    if (value === undefined) throw failure(`invalid field ${name}`);
    if (!['published', 'target', 'protocol', 'mode'].includes(name))
      throw failure(`invalid field key ${name}`);
  }
  const target = fields.get('target');
  if (target === undefined) throw failure('missing mandatory field "target"');
  return `${fields.get('published') ?? ''}:${target}/${fields.get('protocol') ?? 'tcp'}`;
}

function failure(message: string): CommandError {
  return new CommandError(125, message);
}
