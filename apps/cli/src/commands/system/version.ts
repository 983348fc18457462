import type { SystemVersion } from '@gantry/api-types';
import { type ApiClient, apiVersion, systemVersion } from '@gantry/client';
import { alignColumns, type Output } from '@gantry/terminal';
import { currentContext } from '../../config/contexts/current-context.ts';
import type { CommandHandler } from '../../invocation.ts';
import { renderOne } from '../../output/one-template.ts';
import { programVersion } from '../../program-version.ts';

/** `gantry version`. Without an engine it tells about the client, then fails. */
export const versionCommand: CommandHandler = async (invocation) => {
  const { flags, engine, stdout, globals, environment, config } = invocation;
  const format = flags.string('format');
  const asked = await ask(engine);
  const server = 'version' in asked ? asked.version : null;
  const context = currentContext({ flags: globals, environment, config: config() });
  const report = { Client: clientVersion(asked, context), Server: server };
  if (format === '') printReport(stdout, report);
  else
    stdout.write(
      `${renderOne(format, format === 'json' ? report : withGoNames(report), 'system.versionInfo')}\n`,
    );
  if ('error' in asked) throw asked.error;
  return 0;
};

/** Formats name a field as Docker's program does, which is not always as its JSON does. */
function withGoNames({ Client, Server }: Report): object {
  const named = { Client: { ...Client, APIVersion: Client.ApiVersion } };
  return { ...named, Server: Server === null ? null : { ...Server, APIVersion: Server.ApiVersion } };
}

interface ClientVersion {
  Version: string;
  ApiVersion: string;
  DefaultAPIVersion: string;
  NodeVersion: string;
  Os: string;
  Arch: string;
  Context: string;
}

interface Report {
  Client: ClientVersion;
  Server: SystemVersion | null;
}

type Asked = { version: SystemVersion; client: ApiClient } | { error: unknown };

async function ask(engine: () => Promise<ApiClient>): Promise<Asked> {
  try {
    const client = await engine();
    return { version: await systemVersion(client), client };
  } catch (error) {
    return { error };
  }
}

function clientVersion(asked: Asked, context: string): ClientVersion {
  return {
    Version: programVersion,
    ApiVersion: 'client' in asked ? asked.client.version : apiVersion,
    DefaultAPIVersion: apiVersion,
    NodeVersion: process.version,
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    Context: context,
  };
}

function printReport(stdout: Output, { Client, Server }: Report): void {
  const negotiated =
    Client.ApiVersion === Client.DefaultAPIVersion ? '' : ` (downgraded from ${Client.DefaultAPIVersion})`;
  const rows = [
    'Client:',
    ` Version:\t${Client.Version}`,
    ` API version:\t${Client.ApiVersion}${negotiated}`,
    ` Node.js version:\t${Client.NodeVersion}`,
    ` OS/Arch:\t${Client.Os}/${Client.Arch}`,
    ` Context:\t${Client.Context}`,
  ];
  if (Server !== null) rows.push('', `Server: ${Server.Platform?.Name ?? 'Engine'}`, ...serverRows(Server));
  stdout.write(`${alignColumns(rows.join('\n'), { minWidth: 20, padding: 1 })}\n`);
}

const engineRows = [
  ['GoVersion', 'Go version'],
  ['GitCommit', 'Git commit'],
  ['BuildTime', 'Built'],
] as const;

function serverRows({ Components, ...server }: SystemVersion): string[] {
  const components = Components ?? [
    { Name: 'Engine', Version: server.Version ?? '', Details: { ...server } },
  ];
  return components.flatMap(({ Name, Version, Details }) => {
    const details = (Details ?? {}) as Record<string, string | undefined>;
    const lines = [` ${Name}:`, `  Version:\t${Version}`];
    if (Name !== 'Engine') {
      return [
        ...lines,
        ...Object.keys(details)
          .sort()
          .map((name) => `  ${name}:\t${details[name]}`),
      ];
    }
    lines.push(`  API version:\t${details['ApiVersion']} (minimum version ${details['MinAPIVersion']})`);
    for (const [field, label] of engineRows) if (details[field]) lines.push(`  ${label}:\t${details[field]}`);
    return [
      ...lines,
      `  OS/Arch:\t${details['Os']}/${details['Arch']}`,
      `  Experimental:\t${details['Experimental']}`,
    ];
  });
}
