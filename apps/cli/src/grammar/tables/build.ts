import type { CommandSpec } from '../command-spec.ts';
import { contentTrust, cpuLimits, cpuSets, memoryLimits } from './shared-flags.ts';

/** `docker build`: what buildx knows, and what the classic builder does. */
export const buildSpec: CommandSpec = {
  path: 'image build',
  aliases: ['build', 'builder build', 'buildx build', 'buildx b'],
  usage: '[OPTIONS] PATH | URL | -',
  summary: 'Build an image from a Dockerfile',
  arguments: [1, 1],
  flags: `
    --add-host stringSlice | Extra line of /etc/hosts (host:ip)
    --allow stringArray | Right that a step may use (network.host, security.insecure)
    --annotation stringArray | Annotation of the image ([type:]key=value)
    --attest stringArray | Attestation to make (type=sbom, type=provenance)
    --build-arg stringArray | Value of an ARG (name=value)
    --build-context stringArray | Further context (name=path, image or address)
    --builder string | Builder to use; there is the one called default
    --cache-from stringArray | Cache to take steps from (user/app:cache, type=local,src=path)
    --cache-to stringArray | Cache to keep steps in (user/app:cache, type=local,dest=path)
    --call string=build | What to ask of the Dockerfile (build, check, outline, targets)
    --cgroup-parent string | Cgroup to run the RUN steps under
    --check | Check the Dockerfile and build nothing (--call=check)
    --compress | Compress the context with gzip
    ${cpuLimits}
    -c/--cpu-shares int64 | Share of CPU time, relative to others
    ${cpuSets}
    -D/--debug | Print more about failures and warnings
    ${contentTrust}
    -f/--file string | Name of the Dockerfile, PATH/Dockerfile when not given
    --force-rm | Remove intermediate containers, also after a failure
    --iidfile string | File to write the image's id to
    --isolation string | Kind of isolation (Windows only)
    --label stringArray | Label of the image (key=value)
    --load | Keep the image in the engine (--output=type=docker)
    ${memoryLimits}
    --metadata-file string | File to write what is known of the result to, as JSON
    --network string=default | Network of the RUN steps
    --no-cache | Run every step again
    --no-cache-filter stringArray | Stage to run every step of again
    -o/--output stringArray | Where the result goes (a directory, -, type=local,dest=path)
    --platform stringArray | Platform to build for (os[/arch[/variant]])
    --policy stringArray | Policy of sources
    --progress string=auto | How progress is shown (auto, none, plain, quiet, rawjson, tty)
    --provenance string | Attest how it was built (--attest=type=provenance)
    --pull | Pull base images, also when they are here
    --push | Send the image to its registry (--output=type=registry)
    -q/--quiet | Print nothing but the image's id
    --resource stringArray | Resource limit of the RUN steps
    --rm=true | Remove intermediate containers
    --sbom string | Attest what is in it (--attest=type=sbom)
    --secret stringArray | Secret that steps may mount (id=mysecret[,src=path][,env=NAME])
    --security-opt stringSlice | Security option of the RUN steps
    --shm-size bytes=0 | Size of /dev/shm
    --squash | Make one layer of all new ones
    --ssh stringArray | Agent that steps may mount (default, id=socket)
    -t/--tag stringArray | Name of the image (name:tag)
    --target string | Stage to build
    --ulimit ulimit | Resource limit (type=soft[:hard])
  `,
};
