import { contentTrust, cpuLimits, cpuRealTime, cpuSets, memoryLimits } from './shared-flags.ts';

/** The flags of `container create`, which `container run` has too. */
export const createFlags: string = `
  --add-host list | Extra line of /etc/hosts (host:ip)
  --annotation map | Annotation for the OCI runtime (key=value)
  -a/--attach list | Connect to stdin, stdout or stderr
  --blkio-weight uint16 | Share of block IO, 10 to 1000, or 0 for none
  --blkio-weight-device list | Share of block IO on one device (path:weight)
  --cap-add list | Grant a Linux capability
  --cap-drop list | Take a Linux capability away
  --cgroup-parent string | Cgroup to put the container under
  --cgroupns string | Cgroup namespace: 'host', 'private', or '' for the engine's default
  --cidfile string | File to write the container's id to
  --cpu-count int64 | Number of CPUs (Windows only)
  --cpu-percent int64 | Percentage of CPU (Windows only)
  ${cpuLimits}
  ${cpuRealTime}
  -c/--cpu-shares int64 | Share of CPU time, relative to others
  --cpus decimal | Number of CPUs, with a fraction if wanted
  ${cpuSets}
  --device list | Device of the host to hand to the container
  --device-cgroup-rule list | Rule for the device cgroup (c 1:3 rwm)
  --device-read-bps list | Bytes a second to read from a device (path:rate)
  --device-read-iops list | Reads a second from a device (path:rate)
  --device-write-bps list | Bytes a second to write to a device (path:rate)
  --device-write-iops list | Writes a second to a device (path:rate)
  ${contentTrust}
  --dns list | Name server to ask
  --dns-option list | Option of resolv.conf
  !--dns-opt list | The same as --dns-option
  --dns-search list | Domain to search names in
  --domainname string | NIS domain name
  --entrypoint string | Program to run in place of the image's ENTRYPOINT
  -e/--env list | Environment variable (NAME=value, or NAME to pass it on)
  --env-file list | File of environment variables, one a line
  --expose list | Port, or range of ports, that the container listens on
  --gpus gpu-request | GPUs to hand to the container ('all' for every one)
  --group-add list | Further group of the process
  --health-cmd string | Command that tells whether the container is healthy
  --health-interval duration=0s | Time between two checks (ms|s|m|h)
  --health-retries int | Failures in a row that count as unhealthy
  --health-start-interval duration=0s | Time between two checks in the start period (ms|s|m|h)
  --health-start-period duration=0s | Time in which failures do not count (ms|s|m|h)
  --health-timeout duration=0s | Longest time that one check may take (ms|s|m|h)
  --help | Print this text
  -h/--hostname string | Host name inside the container
  --init | Run a small init that forwards signals and reaps processes
  -i/--interactive | Keep stdin open
  --io-maxbandwidth bytes=0 | IO bandwidth of the system drive (Windows only)
  --io-maxiops uint64 | IO operations a second of the system drive (Windows only)
  --ip ip | IPv4 address (172.30.100.104)
  --ip6 ip | IPv6 address (2001:db8::33)
  --ipc string | IPC namespace to use
  --isolation string | Kind of isolation (Windows only)
  !--kernel-memory bytes=0 | Kernel memory limit (deprecated)
  -l/--label list | Label of the container (key=value)
  --label-file list | File of labels, one a line
  --link list | Link to another container
  --link-local-ip list | Link-local address
  --log-driver string | Where output is logged to
  --log-opt list | Option of the log driver (key=value)
  --mac-address string | MAC address (92:d0:c6:0a:29:33)
  ${memoryLimits}
  --memory-reservation bytes=0 | Memory that is kept under pressure
  --memory-swappiness int64=-1 | Readiness to swap, 0 to 100
  --mount mount | File system to mount (type=bind,source=…,target=…)
  --name string | Name of the container
  --network network | Network to connect to
  !--net network | The same as --network
  --network-alias list | Further name on the network
  !--net-alias list | The same as --network-alias
  --no-healthcheck | Run no health check, also when the image has one
  --oom-kill-disable | Do not kill when memory runs out
  --oom-score-adj int | Likelihood of being killed when memory runs out, -1000 to 1000
  --pid string | PID namespace to use
  --pids-limit int64 | Greatest number of processes, -1 for no limit
  --platform string | Platform of the image (os/arch)
  --privileged | Hand over all capabilities and devices
  -p/--publish list | Make a port reachable from outside ([[ip:]host:]container[/protocol])
  -P/--publish-all | Make every exposed port reachable, on ports the engine picks
  --pull string=missing | When to pull the image ("always", "missing", "never")
  -q/--quiet | Print no progress of a pull
  --read-only | Mount the root file system read-only
  --restart string=no | When to start the container again ("no", "on-failure[:max]", "always", "unless-stopped")
  --rm | Remove the container, and its anonymous volumes, when it ends
  --runtime string | OCI runtime to use
  --security-opt list | Security option (seccomp=…, no-new-privileges)
  --shm-size bytes=0 | Size of /dev/shm
  --stop-signal string | Signal that asks the container to end
  --stop-timeout int | Seconds until a container that was asked to end is killed
  --storage-opt list | Option of the storage driver
  --sysctl map | Kernel parameter (key=value)
  --tmpfs list | Directory to mount a tmpfs on
  -t/--tty | Give the container a terminal
  --ulimit ulimit | Resource limit (type=soft[:hard])
  --use-api-socket | Mount the engine's socket, and registry credentials, into the container
  -u/--user string | User, and group if wanted, of the process (name|uid[:group|gid])
  --userns string | User namespace to use
  --uts string | UTS namespace to use
  -v/--volume list | Directory or volume to mount (source:target[:options])
  --volume-driver string | Driver of new volumes
  --volumes-from list | Container whose mounts to have too
  -w/--workdir string | Working directory of the process
`;
