import { FakeEngine } from './fake-engine.ts';

const id = 'a'.repeat(64);
const imageId = `sha256:${'b'.repeat(64)}`;
const otherImageId = `sha256:${'c'.repeat(64)}`;
const createdSeconds = Math.trunc(Date.now() / 1000) - 3 * 86_400;

const container = {
  Id: id,
  Created: '2025-01-02T03:04:05.123456789Z',
  Name: '/web',
  State: { Status: 'running', Running: true, Paused: false, ExitCode: 0, Pid: 12_345_678_901 },
  Config: {
    Tty: false,
    Env: ['A=1', 'B=2'],
    Labels: { b: '2', a: '1' },
    Cmd: ['sh', '-c', 'x'],
    ExposedPorts: { '80/tcp': {} },
  },
  HostConfig: { AutoRemove: false, Memory: 536_870_912, Binds: null, PortBindings: {} },
  NetworkSettings: {
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '443/tcp': null,
      '9000/udp': [{ HostIp: '127.0.0.1', HostPort: '9001' }],
    },
    Networks: { bridge: { IPAddress: '172.17.0.2', GwPriority: 0 } },
  },
  Mounts: [],
};

const image = {
  Id: imageId,
  RepoTags: ['img:latest'],
  Size: 74_800_000,
  Os: 'linux',
  Config: { Env: ['P=1'] },
};

/** An engine with one container `web`, the image `img`, the network `net1` and the volume `vol`. */
export async function startSampleEngine(): Promise<FakeEngine> {
  const engine = await FakeEngine.start();
  addContainers(engine);
  addImages(engine);
  addSearch(engine);
  addOthers(engine);
  return engine;
}

const name = `(?:web|other|a{4,64})`;

function addContainers(engine: FakeEngine): void {
  const missing = { status: 404, json: { message: 'No such container: nope' } };
  engine.on('GET', new RegExp(`^/containers/${name}/json$`), { json: container });
  engine.on('GET', /^\/containers\/nope\/.*$/, missing);
  engine.on('POST', /^\/containers\/nope\/.*$/, missing).on('DELETE', /^\/containers\/nope$/, missing);
  for (const action of ['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'rename']) {
    engine.on('POST', new RegExp(`^/containers/${name}/${action}$`), { status: 204 });
  }
  engine.on('DELETE', new RegExp(`^/containers/${name}$`), { status: 204 });
  engine.on('DELETE', '/containers/busy', {
    status: 409,
    json: { message: 'cannot remove container "busy": running' },
  });
  engine.on('POST', '/containers/web/wait', { json: { StatusCode: 3 } });
  engine.on('POST', '/containers/other/wait', { json: { StatusCode: 0 } });
  engine.on('GET', '/containers/web/top', {
    json: {
      Titles: ['UID', 'PID', 'CMD'],
      Processes: [
        ['root', '1', 'sh -c x'],
        ['daemon', '1234567', 'sleep'],
      ],
    },
  });
}

function manifestOf(letter: string, architecture: string, Containers: string[], more: object = {}): object {
  const ID = `sha256:${letter.repeat(64)}`;
  return {
    ID,
    Descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: ID, size: 400 },
    Available: Containers.length > 0,
    Size: { Content: 1_234_567, Total: 4_000_000 },
    Kind: 'image',
    ImageData: {
      Platform: { os: 'linux', architecture, ...more },
      Containers,
      Size: { Unpacked: 3_000_000 },
    },
  };
}

function addImages(engine: FakeEngine): void {
  const missing = { status: 404, json: { message: 'No such image: nope' } };
  engine.on('GET', '/images/img/json', { json: image }).on('GET', /^\/images\/nope\/.*/, missing);
  engine.on('GET', '/images/json', {
    json: [
      {
        Manifests: [manifestOf('1', 'amd64', [id]), manifestOf('2', 'arm', [], { variant: 'v7' })],
        Id: imageId,
        RepoTags: ['img:latest', 'img:v1'],
        RepoDigests: [`img@sha256:${'d'.repeat(64)}`],
        Created: createdSeconds,
        Size: 74_812_345,
        SharedSize: -1,
        Containers: -1,
        Labels: null,
        ParentId: '',
      },
      {
        Id: otherImageId,
        RepoTags: [],
        RepoDigests: [],
        Created: 0,
        Size: 999,
        SharedSize: -1,
        Containers: -1,
        Labels: null,
        ParentId: '',
      },
      {
        Id: otherImageId,
        RepoTags: null,
        RepoDigests: [`only@sha256:${'e'.repeat(64)}`],
        Created: createdSeconds,
        Size: 1_234_567_890,
        SharedSize: -1,
        Containers: -1,
        Labels: null,
        ParentId: '',
      },
    ],
  });
  engine.on('GET', '/images/img/history', {
    json: [
      {
        Id: imageId,
        Created: createdSeconds,
        CreatedBy: `/bin/sh -c #(nop)\tCMD ${'x'.repeat(60)}`,
        Size: 0,
        Comment: 'c',
        Tags: null,
      },
      {
        Id: '<missing>',
        Created: createdSeconds,
        CreatedBy: 'ADD',
        Size: 74_812_345,
        Comment: '',
        Tags: null,
      },
    ],
  });
  addImageActions(engine);
}

function addImageActions(engine: FakeEngine): void {
  const missing = { status: 404, json: { message: 'No such image: nope' } };
  engine.on('POST', '/images/img/tag', { status: 201 });
  engine.on('POST', '/images/nope/tag', missing);
  engine.on('DELETE', '/images/img', { json: [{ Untagged: 'img:latest' }, { Deleted: imageId }] });
  engine.on('DELETE', '/images/nope', missing);
  engine.on('DELETE', '/images/used', { status: 409, json: { message: 'conflict: unable to delete used' } });
  engine.on('POST', '/images/load', {
    text: '{"stream":"Loaded image: img:latest\\n"}\r\n',
    type: 'application/json',
  });
  engine.on('GET', '/images/get', { text: 'TAR', type: 'application/x-tar' });
  engine.on('POST', '/images/create', ({ query }) => ({
    type: 'application/json',
    text: query.has('fromSrc')
      ? `{"status":"${imageId}"}\r\n`
      : [
          '{"status":"Pulling from library/img","id":"latest"}',
          '{"status":"Pulling fs layer","progressDetail":{},"id":"l1"}',
          '{"status":"Downloading","progressDetail":{"current":10,"total":100},"progress":"x","id":"l1"}',
          '{"status":"Pull complete","progressDetail":{},"id":"l1"}',
          '{"status":"Status: Downloaded newer image for img:latest"}',
        ].join('\r\n'),
  }));
}

function addSearch(engine: FakeEngine): void {
  engine.on('GET', '/images/search', ({ query }) =>
    query.get('term') === 'nope'
      ? { status: 501, json: { message: 'registry nope cannot be searched' } }
      : {
          json: [
            {
              name: 'some/thing',
              description: 'few\nstars',
              star_count: 2,
              is_official: false,
              is_automated: false,
            },
            {
              name: 'thing',
              description: `a long ${'x'.repeat(60)}`,
              star_count: 1234,
              is_official: true,
              is_automated: false,
            },
          ],
        },
  );
}

function addOthers(engine: FakeEngine): void {
  const network = {
    Name: 'net1',
    Id: 'f'.repeat(64),
    Created: '2025-01-02T03:04:05.123456789Z',
    Scope: 'local',
    Driver: 'bridge',
    EnableIPv4: true,
    EnableIPv6: false,
    Internal: false,
    Labels: { l: 'v' },
  };
  engine.on('GET', '/networks', { json: [network, { ...network, Name: 'host', Driver: 'host' }] });
  engine.on('GET', '/networks/net1', { json: network });
  const noNetwork = { status: 404, json: { message: 'network nope not found' } };
  engine.on('GET', '/networks/nope', noNetwork).on('DELETE', '/networks/nope', noNetwork);
  engine.on('POST', '/networks/create', { status: 201, json: { Id: 'e'.repeat(64), Warning: '' } });
  engine.on('DELETE', '/networks/net1', { status: 204 });
  for (const action of ['connect', 'disconnect']) {
    engine.on('POST', `/networks/net1/${action}`, {}).on('POST', `/networks/nope/${action}`, noNetwork);
  }
  const volume = {
    Driver: 'local',
    Labels: { l: 'v' },
    Mountpoint: '/m',
    Name: 'vol',
    Options: {},
    Scope: 'local',
  };
  engine.on('GET', '/volumes', {
    json: { Volumes: [volume, { ...volume, Name: 'another' }], Warnings: null },
  });
  engine.on('GET', '/volumes/vol', { json: volume });
  engine.on('POST', '/volumes/create', { status: 201, json: volume });
  engine.on('DELETE', '/volumes/vol', { status: 204 });
  const missing = { status: 404, json: { message: 'get nope: no such volume' } };
  engine.on('GET', '/volumes/nope', missing).on('DELETE', '/volumes/nope', missing);
  engine.on('GET', '/plugins/nope/json', { status: 404, json: { message: 'plugin "nope" not found' } });
  engine.on('GET', '/info', {
    json: { ID: 'x', Swarm: { LocalNodeState: 'inactive' }, NCPU: 2, MemTotal: 8_341_823_488 },
  });
  engine.on('GET', '/events', {
    type: 'application/json',
    text: '{"Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"image":"i","name":"x"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}\n',
  });
}
