#!/bin/sh
# Makes this checkout ready. Usage: scripts/setup.sh run|test
#   run    what ./gantry and ./gantryd need
#   test   that, and what npm test needs
# Idempotent; installs only what is missing and says what and why. One at a time.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
purpose=${1:-run}
cd "$here"

say() { printf 'gantry set-up: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# package, a command or file that shows it is there, why
needs() {
  cat <<'EOF'
crun|crun|the OCI runtime that starts containers
nftables|nft|published ports and outbound NAT
iproute2|ip|diagnosis of networks
mmdebstrap|mmdebstrap|makes mirror/debian and mirror/ubuntu from the signed package mirror
busybox-static|/bin/busybox|makes mirror/busybox
catatonit|catatonit|the init process of --init
xz-utils|xz|reads xz archives
bzip2|bzip2|reads bzip2 archives
procps|ps|container top
ca-certificates|/etc/ssl/certs/ca-certificates.crt|registries and mirrors over TLS
EOF
  [ "$purpose" = test ] && cat <<'EOF'
libarchive-tools|bsdtar|a second tar, against which ours is tested
gcc|gcc|a small C program that tests containers from the inside
libc6-dev|/usr/include/stdio.h|headers for it
util-linux|unshare|namespaces of tests
bsdutils|script|terminals of tests
gpg|gpg|signs an archive of packages that a test makes
git|git|a fresh clone, which a test runs
docker-registry|docker-registry|a registry to pull from and push to
python3-docker|/usr/lib/python3/dist-packages/docker/__init__.py|docker-py, which must work with Gantry unchanged
EOF
  [ "$purpose" = test ] && echo "$(docker_package)|docker|the docker CLI, which must work with Gantry unchanged"
  return 0
}

# The CLI alone where the distribution has it apart from the engine.
docker_package() {
  if apt-cache show docker-cli >/dev/null 2>&1; then echo docker-cli; else echo docker.io; fi
}

# Debian starts what it installs; the docker engine is not wanted here.
without_starting_services() {
  if [ -e /usr/sbin/policy-rc.d ]; then "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  "$@" && result=0 || result=$?
  rm -f /usr/sbin/policy-rc.d
  return "$result"
}

missing_packages() {
  needs | while IFS='|' read -r package witness why; do
    case $witness in
      /*) [ -e "$witness" ] ;;
      *) command -v "$witness" >/dev/null 2>&1 ;;
    esac || printf '%s|%s\n' "$package" "$why"
  done
}

install_packages() {
  missing=$(missing_packages)
  command -v npm >/dev/null 2>&1 || missing="npm|installs the pinned Node.js and the libraries
$missing"
  [ -n "$missing" ] || return 0
  names=$(printf '%s\n' "$missing" | cut -d'|' -f1 | grep . | tr '\n' ' ')
  if [ "$(id -u)" != 0 ]; then die "missing: $names- run this once as root, or install them yourself"; fi
  if ! command -v apt-get >/dev/null 2>&1; then
    die "missing: $names- this machine has no apt-get; install them with its own package manager"
  fi
  printf '%s\n' "$missing" | grep . | while IFS='|' read -r package why; do say "installing $package: $why"; done
  export DEBIAN_FRONTEND=noninteractive
  transcript=$(mktemp)
  install="apt-get install -y -q --no-install-recommends $names"
  # shellcheck disable=SC2086 # words
  without_starting_services $install >"$transcript" 2>&1 || {
    apt-get update -q >>"$transcript" 2>&1 &&
      without_starting_services $install >>"$transcript" 2>&1
  } || {
    # What apt could not fetch comes as a warning, long before what it could not find therefore.
    grep '^[EW]: ' "$transcript" | sort -u | head -n 20 >&2
    rm -f "$transcript"
    die "apt-get could not install: $names"
  }
  rm -f "$transcript"
}

# npm leaves out libraries that are for a newer Node.js than it runs on: on an old one the pinned Node.js runs npm.
run_npm() {
  options='--ignore-scripts --no-audit --no-fund --loglevel=error'
  pinned=$(node -p '
    const [name, version] = Object.entries(require("./package.json").optionalDependencies)
      .find(([name]) => name === `node-${process.platform}-${process.arch}`) ?? ["", ""];
    parseInt(process.versions.node) < parseInt(version) ? `${name}@${version}` : ""')
  # shellcheck disable=SC2086 # words
  if [ -z "$pinned" ]; then npm "$@" $options >&2; return; fi
  seed=$(mktemp -d)
  # shellcheck disable=SC2086
  npm install --prefix "$seed" $options "$pinned" >&2 &&
    "$seed/node_modules/${pinned%@*}/bin/node" --no-deprecation "$(command -v npm)" "$@" $options >&2 && result=0 || result=$?
  rm -rf "$seed"
  return "$result"
}

install_libraries() {
  if [ -x node_modules/.bin/node ] && [ node_modules/.package-lock.json -nt package-lock.json ] &&
    node_modules/.bin/node -e 0 2>/dev/null; then
    return 0
  fi
  say "installing Node.js (pinned) and libraries with npm ci"
  run_npm ci || die "npm ci failed"
  # Older versions of npm do not link a program that is called node.
  for pinned in node_modules/node-linux-*/bin/node; do
    [ -x "$pinned" ] && ln -sfn "../${pinned#node_modules/}" node_modules/.bin/node
  done
  touch node_modules/.package-lock.json
  [ -x node_modules/.bin/node ] || die "no pinned Node.js for this machine ($(uname -m)); x86_64 and aarch64 have one"
}

build() {
  if [ -f dist/.stamp ] && [ -z "$(find apps packages scripts/build.ts package-lock.json -newer dist/.stamp -type f -print -quit)" ]; then
    return 0
  fi
  node_modules/.bin/node scripts/build.ts >&2 || die "the build failed"
}

# crun refuses a hybrid host whose v2 hierarchy still owns a controller.
prepare_cgroups() {
  [ "$(id -u)" = 0 ] || return 0
  node_modules/.bin/node dist/gantryd.js --doctor --fix --quiet || die "this machine cannot run containers yet, see above"
}

if [ ! -w . ]; then
  missing=$(missing_packages | cut -d'|' -f1 | tr '\n' ' ')
  die "this checkout is not ready, and $(id -un) cannot write to it: run this once as root${missing:+ (missing: ${missing% })}"
fi
exec 9>.setup.lock
command -v flock >/dev/null 2>&1 && flock 9
install_packages
install_libraries
if [ "$purpose" = test ]; then
  scripts/fetch-docker.sh || die "docker's plugins compose and buildx, which must work with Gantry unchanged, could not be fetched"
fi
build
prepare_cgroups
