import type { ContainerSummary, Port } from '@gantry/api-types';
import { formatGoTime, formatSize, formatTimeAgo, quote, shortId, truncate } from '@gantry/terminal';
import type { ListView, Row } from './list-output.ts';

/** `gantry ps`; the SIZE column comes with `--size`. */
export function containerView(withSize: boolean): ListView {
  const columns = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];
  return {
    quietField: 'ID',
    typeName: '*formatter.ContainerContext',
    failures: { parsing: 'failed to parse template', rendering: 'failed to execute template' },
    columns: withSize ? [...columns, 'Size'] : columns,
    raw: {
      container_id: 'ID',
      image: 'Image',
      command: 'Command',
      created_at: 'CreatedAt',
      state: 'State',
      status: 'Status',
      names: 'Names',
      labels: 'Labels',
      ports: 'Ports',
      ...(withSize ? { size: 'Size' } : {}),
    },
    headings: {
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      ID: 'CONTAINER ID',
      Image: 'IMAGE',
      Labels: 'LABELS',
      LocalVolumes: 'LOCAL VOLUMES',
      Mounts: 'MOUNTS',
      Names: 'NAMES',
      Networks: 'NETWORKS',
      Platform: 'PLATFORM',
      Ports: 'PORTS',
      RunningFor: 'CREATED',
      Size: 'SIZE',
      State: 'STATE',
      Status: 'STATUS',
    },
  };
}

/** A container's fields as Docker prints them; `full` leaves nothing out. */
export function containerRow(container: ContainerSummary, { full, now }: { full: boolean; now: Date }): Row {
  const labels = container.Labels ?? {};
  const mounts = container.Mounts ?? [];
  const created = new Date((container.Created ?? 0) * 1000);
  const id = container.Id ?? '';
  // Getters, since most formats show few of the fields.
  return {
    get Command() {
      return quote(full ? (container.Command ?? '') : truncate(container.Command ?? '', 20));
    },
    get CreatedAt() {
      return formatGoTime(created);
    },
    ID: full ? id : shortId(id),
    get Image() {
      return imageName(container, full);
    },
    get Labels() {
      return formatLabels(labels);
    },
    get LocalVolumes() {
      return String(mounts.filter(({ Driver }) => Driver === 'local').length);
    },
    get Mounts() {
      const names = mounts.map(({ Name, Source }) => Name || Source || '');
      return names.map((name) => (full ? name : truncate(name, 15))).join(',');
    },
    get Names() {
      return containerNames(container, full).join(',');
    },
    get Networks() {
      return Object.keys(container.NetworkSettings?.Networks ?? {}).join(',');
    },
    Platform: null,
    get Ports() {
      return formatPorts(container.Ports ?? []);
    },
    get RunningFor() {
      return formatTimeAgo(created, now);
    },
    get Size() {
      return sizeOf(container);
    },
    State: container.State ?? '',
    Status: container.Status ?? '',
    Label: (name) => labels[String(name)] ?? '',
  };
}

/** `a=b,c=d`, sorted by name. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join(',');
}

function imageName({ Image = '', ImageID = '' }: ContainerSummary, full: boolean): string {
  if (Image === '') return '<no image>';
  if (full) return Image;
  if (shortId(Image) === shortId(ImageID)) return shortId(ImageID);
  const [name = '', digest] = Image.split('@');
  return digest !== undefined && /:[^/]+$/.test(name) ? name : Image;
}

function containerNames({ Names }: ContainerSummary, full: boolean): string[] {
  const names = (Names ?? []).map((name) => (name.startsWith('/') ? name.slice(1) : name));
  return full ? names : names.filter((name) => !name.includes('/'));
}

function sizeOf({ SizeRw, SizeRootFs }: ContainerSummary): string {
  const own = formatSize(SizeRw ?? 0);
  return SizeRootFs ? `${own} (virtual ${formatSize(SizeRootFs)})` : own;
}

interface PortRun {
  first: number;
  last: number;
}

/** `0.0.0.0:80->80/tcp, 443/tcp`: neighbours that map to the same number are joined to ranges. */
export function formatPorts(ports: readonly Port[]): string {
  const runs = new Map<string, PortRun>();
  const finished: string[] = [];
  const shifted: string[] = [];
  for (const port of ports.toSorted(comparePorts)) {
    const { IP, PrivatePort, PublicPort, Type } = port;
    if (IP && PublicPort !== PrivatePort) {
      shifted.push(`${joinHostPort(IP, String(PublicPort ?? 0))}->${PrivatePort}/${Type}`);
      continue;
    }
    const key = IP ? `${IP}/${Type}` : Type;
    const run = runs.get(key);
    if (run !== undefined && PrivatePort === run.last + 1) {
      run.last = PrivatePort;
      continue;
    }
    if (run !== undefined) finished.push(formatRun(key, run));
    runs.set(key, { first: PrivatePort, last: PrivatePort });
  }
  return [...finished, ...[...runs].map(([key, run]) => formatRun(key, run)), ...shifted].join(', ');
}

function formatRun(key: string, { first, last }: PortRun): string {
  const [left = '', right] = key.split('/');
  const range = first === last ? String(first) : `${first}-${last}`;
  return right === undefined ? `${range}/${left}` : `${joinHostPort(left, range)}->${range}/${right}`;
}

/** `address:port`, with brackets around IPv6. */
export function joinHostPort(address: string, port: string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function comparePorts(left: Port, right: Port): number {
  return (
    left.PrivatePort - right.PrivatePort ||
    compareText(left.IP ?? '', right.IP ?? '') ||
    (left.PublicPort ?? 0) - (right.PublicPort ?? 0) ||
    compareText(left.Type, right.Type)
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
