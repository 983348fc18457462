import type { CommandTable } from '../command-spec.ts';
import { filter, inspectFormat, listFormat, noTruncate, quietIds } from './shared-flags.ts';

const spans = '(ns|us|ms|s|m|h)';

/** Flags that `service create` and `service update` have, but for the defaults of some. */
function shared({ zero, one }: { zero: string; one: string }): string {
  return `
  --cap-add list | Grant a Linux capability
  --cap-drop list | Take a Linux capability away
  --credential-spec credential-spec | Credentials of a managed service account (Windows only)
  -d/--detach | Do not wait until the service runs
  --entrypoint command | Program to run in place of the image's ENTRYPOINT
  --health-cmd string | Command that tells whether a container is healthy
  --health-interval duration | Time between two checks (ms|s|m|h)
  --health-retries int | Failures in a row that count as unhealthy
  --health-start-interval duration | Time between two checks in the start period (ms|s|m|h)
  --health-start-period duration | Time in which failures do not count (ms|s|m|h)
  --health-timeout duration | Longest time that one check may take (ms|s|m|h)
  --hostname string | Host name inside the containers
  --init | Run a small init that forwards signals and reaps processes
  --isolation string | Kind of isolation (Windows only)
  --limit-cpu decimal | Greatest number of CPUs
  --limit-memory bytes=0 | Memory limit
  --limit-pids int64 | Greatest number of processes, 0 for no limit
  --log-driver string | Where output is logged to
  --log-opt list | Option of the log driver (key=value)
  --max-concurrent uint | Number of job tasks at a time
  --memory-swap bytes=0 | Limit of memory and swap together, -1 for unlimited swap
  --memory-swappiness int64=-1 | Readiness to swap, 0 to 100
  --no-healthcheck | Run no health check, also when the image has one
  --no-resolve-image | Do not ask the registry for the digest
  --oom-score-adj int64 | Likelihood of being killed when memory runs out, -1000 to 1000
  -q/--quiet | Print no progress
  --read-only | Mount the root file system read-only
  --replicas uint | Number of tasks
  --replicas-max-per-node uint64 | Greatest number of tasks on a node, 0 for no limit
  --reserve-cpu decimal | CPUs to keep for it
  --reserve-memory bytes=0 | Memory to keep for it
  --restart-condition string | When to restart a task ("none", "on-failure", "any")
  --restart-delay duration | Time before a restart ${spans}
  --restart-max-attempts uint | Number of restarts before giving up
  --restart-window duration | Time over which restarts are counted ${spans}
  --rollback-delay duration${zero} | Time between two tasks of a rollback ${spans}
  --rollback-failure-action string | What to do when a rollback fails ("pause", "continue")
  --rollback-max-failure-ratio float=0 | Share of failures that a rollback bears
  --rollback-monitor duration${zero} | Time to watch each task of a rollback ${spans}
  --rollback-order string | Order of a rollback ("start-first", "stop-first")
  --rollback-parallelism uint64${one} | Tasks to roll back at a time, 0 for all
  --stop-grace-period duration | Time before a task that was asked to end is killed ${spans}
  --stop-signal string | Signal that asks a task to end
  -t/--tty | Give the containers a terminal
  --update-delay duration${zero} | Time between two tasks of an update ${spans}
  --update-failure-action string | What to do when an update fails ("pause", "continue", "rollback")
  --update-max-failure-ratio float=0 | Share of failures that an update bears
  --update-monitor duration${zero} | Time to watch each task of an update ${spans}
  --update-order string | Order of an update ("start-first", "stop-first")
  --update-parallelism uint64${one} | Tasks to update at a time, 0 for all
  -u/--user string | User, and group if wanted, of the process (name|uid[:group|gid])
  --with-registry-auth | Send registry credentials to the nodes
  -w/--workdir string | Working directory of the process
`;
}

export const serviceTable: CommandTable = [
  {
    path: 'service create',
    usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
    summary: 'Make a service',
    arguments: [1],
    stopsAtFirstArgument: true,
    flags: `
      ${shared({ zero: '=0s', one: '=1' })}
      --config config | Config to hand to the service
      --constraint list | Condition on the nodes
      --container-label list | Label of the containers (key=value)
      --dns list | Name server to ask
      --dns-option list | Option of resolv.conf
      --dns-search list | Domain to search names in
      --endpoint-mode string=vip | Kind of address ("vip", "dnsrr")
      -e/--env list | Environment variable (NAME=value)
      --env-file list | File of environment variables, one a line
      --generic-resource list | Resource of your own kind
      --group list | Further group of the process
      --host list | Extra line of /etc/hosts (host:ip)
      -l/--label list | Label of the service (key=value)
      --mode string=replicated | Kind of service ("replicated", "global", "replicated-job", "global-job")
      --mount mount | File system to mount (type=bind,source=…,target=…)
      --name string | Name of the service
      --network network | Network to connect to
      --placement-pref pref | Preference among the nodes
      -p/--publish port | Port to publish on the nodes
      --secret secret | Secret to hand to the service
      --sysctl list | Kernel parameter (key=value)
      --ulimit ulimit | Resource limit (type=soft[:hard])
    `,
  },
  {
    path: 'service inspect',
    usage: '[OPTIONS] SERVICE [SERVICE...]',
    summary: 'Show all there is to know about services',
    arguments: [1],
    flags: `
      ${inspectFormat}
      --pretty | Print for people
    `,
  },
  {
    path: 'service logs',
    usage: '[OPTIONS] SERVICE|TASK',
    summary: 'Print what a service or task has written',
    arguments: [1, 1],
    flags: `
      --details | Add the details that the log driver kept
      -f/--follow | Go on printing what comes
      --no-resolve | Print ids in place of names
      --no-task-ids | Leave the ids of tasks out
      ${noTruncate}
      --raw | Print the lines as they are
      --since string | Leave out what is older: a time (2013-01-02T13:23:37Z) or an age (42m)
      -n/--tail string=all | Number of lines to print, from the end
      -t/--timestamps | Put the time before each line
    `,
  },
  {
    path: 'service ls',
    aliases: ['service list'],
    usage: '[OPTIONS]',
    summary: 'List services',
    arguments: [0, 0],
    flags: `
      ${filter}
      ${listFormat}
      ${quietIds}
    `,
  },
  {
    path: 'service ps',
    usage: '[OPTIONS] SERVICE [SERVICE...]',
    summary: 'List the tasks of services',
    arguments: [1],
    flags: `
      ${filter}
      --format string | Print each row with a Go TEMPLATE
      --no-resolve | Print ids in place of names
      ${noTruncate}
      ${quietIds}
    `,
  },
  {
    path: 'service rm',
    aliases: ['service remove'],
    usage: 'SERVICE [SERVICE...]',
    summary: 'Remove services',
    arguments: [1],
  },
  {
    path: 'service rollback',
    usage: '[OPTIONS] SERVICE',
    summary: "Undo the last change of a service's configuration",
    arguments: [1, 1],
    flags: `
      -d/--detach | Do not wait until the service runs
      -q/--quiet | Print no progress
    `,
  },
  {
    path: 'service scale',
    usage: 'SERVICE=REPLICAS [SERVICE=REPLICAS...]',
    summary: 'Change the number of tasks of services',
    arguments: [1],
    flags: '-d/--detach | Do not wait until the services run',
  },
  {
    path: 'service update',
    usage: '[OPTIONS] SERVICE',
    summary: 'Change a service',
    arguments: [1, 1],
    flags: `
      ${shared({ zero: '=0s', one: '' })}
      --args command | Arguments of the command
      --config-add config | Config to add
      --config-rm list | Config to remove
      --constraint-add list | Condition on the nodes to add
      --constraint-rm list | Condition on the nodes to remove
      --container-label-add list | Label of the containers to add or change (key=value)
      --container-label-rm list | Label of the containers to remove
      --dns-add list | Name server to add
      --dns-option-add list | Option of resolv.conf to add
      --dns-option-rm list | Option of resolv.conf to remove
      --dns-rm list | Name server to remove
      --dns-search-add list | Search domain to add
      --dns-search-rm list | Search domain to remove
      --endpoint-mode string | Kind of address ("vip", "dnsrr")
      --env-add list | Environment variable to add or change (NAME=value)
      --env-rm list | Environment variable to remove
      --force | Replace the tasks, also when nothing changed
      --generic-resource-add list | Resource of your own kind to add
      --generic-resource-rm list | Resource of your own kind to remove
      --group-add list | Further group to add
      --group-rm list | Further group to remove
      --host-add list | Line of /etc/hosts to add (host:ip)
      --host-rm list | Line of /etc/hosts to remove (host:ip)
      --image string | Image
      --label-add list | Label of the service to add or change (key=value)
      --label-rm list | Label of the service to remove
      --mount-add mount | File system to add or change (type=bind,source=…,target=…)
      --mount-rm list | File system to remove, by its target
      --network-add network | Network to add
      --network-rm list | Network to remove
      --placement-pref-add pref | Preference among the nodes to add
      --placement-pref-rm pref | Preference among the nodes to remove
      --publish-add port | Port to publish or change
      --publish-rm port | Port to publish no longer
      --rollback | Go back to the configuration before
      --secret-add secret | Secret to add or change
      --secret-rm list | Secret to remove
      --sysctl-add list | Kernel parameter to add or change (key=value)
      --sysctl-rm list | Kernel parameter to remove
      --ulimit-add ulimit | Resource limit to add or change (type=soft[:hard])
      --ulimit-rm list | Resource limit to remove
    `,
  },
];
