import type { CommandHandler } from '../invocation.ts';

type Loader = () => Promise<CommandHandler>;

/** The commands that are built, by canonical path. Each is loaded only when it is asked for. */
const loaders: Readonly<Record<string, Loader>> = {
  completion: async () => (await import('./system/completion.ts')).completionCommand,
  'container attach': async () => (await import('./container/attach.ts')).attachCommand,
  'container commit': async () => (await import('./container/commit.ts')).commitCommand,
  'container cp': async () => (await import('./container/cp.ts')).copyCommand,
  'container create': async () => (await import('./container/create.ts')).createCommand,
  'container diff': async () => (await import('./container/diff.ts')).diffCommand,
  'container exec': async () => (await import('./container/exec.ts')).execCommand,
  'container export': async () => (await import('./container/export.ts')).exportCommand,
  'container inspect': async () => (await import('./container/inspect.ts')).inspectCommand,
  'container kill': async () => (await import('./container/lifecycle.ts')).killCommand,
  'container logs': async () => (await import('./container/logs.ts')).logsCommand,
  'container ls': async () => (await import('./container/ls.ts')).listCommand,
  'container pause': async () => (await import('./container/lifecycle.ts')).pauseCommand,
  'container port': async () => (await import('./container/port.ts')).portCommand,
  'container prune': async () => (await import('./prune/prune-one-kind.ts')).containerPruneCommand,
  'container rename': async () => (await import('./container/lifecycle.ts')).renameCommand,
  'container restart': async () => (await import('./container/lifecycle.ts')).restartCommand,
  'container rm': async () => (await import('./container/lifecycle.ts')).removeCommand,
  'container run': async () => (await import('./container/run.ts')).runCommand,
  'container start': async () => (await import('./container/start.ts')).startCommand,
  'container stats': async () => (await import('./container/stats.ts')).statsCommand,
  'container stop': async () => (await import('./container/lifecycle.ts')).stopCommand,
  'container top': async () => (await import('./container/top.ts')).topCommand,
  'container unpause': async () => (await import('./container/lifecycle.ts')).unpauseCommand,
  'container update': async () => (await import('./container/update.ts')).updateCommand,
  'container wait': async () => (await import('./container/lifecycle.ts')).waitCommand,
  'context create': async () => (await import('./context/manage.ts')).createCommand,
  'context export': async () => (await import('./context/archive.ts')).exportCommand,
  'context import': async () => (await import('./context/archive.ts')).importCommand,
  'context inspect': async () => (await import('./context/inspect.ts')).inspectCommand,
  'context ls': async () => (await import('./context/ls.ts')).listCommand,
  'context rm': async () => (await import('./context/manage.ts')).removeCommand,
  'context show': async () => (await import('./context/manage.ts')).showCommand,
  'context update': async () => (await import('./context/manage.ts')).updateCommand,
  'context use': async () => (await import('./context/manage.ts')).useCommand,
  'image history': async () => (await import('./image/history.ts')).historyCommand,
  'image import': async () => (await import('./image/archive.ts')).importCommand,
  'image inspect': async () => (await import('./image/inspect.ts')).inspectCommand,
  'image load': async () => (await import('./image/archive.ts')).loadCommand,
  'image ls': async () => (await import('./image/ls.ts')).listCommand,
  'image prune': async () => (await import('./prune/prune-one-kind.ts')).imagePruneCommand,
  'image pull': async () => (await import('./image/pull.ts')).pullCommand,
  'image push': async () => (await import('./image/push.ts')).pushCommand,
  'image rm': async () => (await import('./image/names.ts')).removeCommand,
  'image save': async () => (await import('./image/archive.ts')).saveCommand,
  'image tag': async () => (await import('./image/names.ts')).tagCommand,
  inspect: async () => (await import('./system/inspect.ts')).inspectCommand,
  'network connect': async () => (await import('./network/manage.ts')).connectCommand,
  'network create': async () => (await import('./network/manage.ts')).createCommand,
  'network disconnect': async () => (await import('./network/manage.ts')).disconnectCommand,
  login: async () => (await import('./registry/login.ts')).loginCommand,
  logout: async () => (await import('./registry/login.ts')).logoutCommand,
  'network inspect': async () => (await import('./network/inspect.ts')).inspectCommand,
  'network ls': async () => (await import('./network/ls.ts')).listCommand,
  'network prune': async () => (await import('./prune/prune-one-kind.ts')).networkPruneCommand,
  'network rm': async () => (await import('./network/manage.ts')).removeCommand,
  search: async () => (await import('./registry/search.ts')).searchCommand,
  'system df': async () => (await import('./system/df.ts')).diskUsageCommand,
  'system dial-stdio': async () => (await import('./system/dial-stdio.ts')).dialStdioCommand,
  'system doctor': async () => (await import('./system/doctor.ts')).doctorCommand,
  'system events': async () => (await import('./system/events.ts')).eventsCommand,
  'system fsck': async () => (await import('./system/fsck.ts')).fsckCommand,
  'system info': async () => (await import('./system/info.ts')).infoCommand,
  'system prune': async () => (await import('./prune/prune-system.ts')).systemPruneCommand,
  version: async () => (await import('./system/version.ts')).versionCommand,
  'volume create': async () => (await import('./volume/manage.ts')).createCommand,
  'volume inspect': async () => (await import('./volume/manage.ts')).inspectCommand,
  'volume ls': async () => (await import('./volume/ls.ts')).listCommand,
  'volume prune': async () => (await import('./prune/prune-one-kind.ts')).volumePruneCommand,
  'volume update': async () => (await import('./volume/update.ts')).updateCommand,
  'volume rm': async () => (await import('./volume/manage.ts')).removeCommand,
};

/** The handler of a command, or undefined while it is not built. */
export async function findHandler(path: string): Promise<CommandHandler | undefined> {
  return Object.hasOwn(loaders, path) ? await loaders[path]?.() : undefined;
}

/** The paths of all commands that are built. */
export function builtCommands(): readonly string[] {
  return Object.keys(loaders);
}
