#!/bin/sh
# Unpacks of Docker's programs what the tests drive and the host may not have into node_modules/.cache/docker: the plugins
# compose (2 and up) and buildx, as the tests' DOCKER_CONFIG has them, and in bin/ the docker CLI 28 where the host's is older.
# From the distribution's own mirror, of the first release that has them; nothing is installed. Idempotent.
set -eu
cd "$(dirname "$0")/.."
place=$PWD/node_modules/.cache/docker
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

docker_major() { docker --version 2>/dev/null | sed -n 's/^Docker version \([0-9]*\)\..*/\1/p'; }

# Sets $apt to the options that make apt look at one release of Debian, or (own) at what the host has.
use_release() {
  apt='-q -o APT::Sandbox::User=root'
  [ "$1" != own ] || return 0
  # shellcheck source=/dev/null
  own_release=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || return 1
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$own_release //p" | head -n 1)
  lists=$work/$1
  # A mirror that lags behind has old lists of the release to come; they are signed all the same.
  apt="$apt -o Acquire::Check-Valid-Until=false -o Dir::Etc::SourceList=$lists/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$lists/lists -o Dir::Cache=$lists/cache"
  [ ! -d "$lists" ] || return 0
  mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$lists/sources.list"
  # shellcheck disable=SC2086 # words
  apt-get $apt update >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
}

# Unpacks a package of the first release whose version of it begins as asked.
unpack() { # package, beginning of the version
  for release in own trixie forky; do
    use_release "$release" || continue
    # shellcheck disable=SC2086 # words
    apt-cache $apt show --no-all-versions "$1" 2>/dev/null | grep -q "^Version: \([0-9]*:\)\{0,1\}$2" || continue
    mkdir -p "$work/$1" "$work/unpacked"
    # shellcheck disable=SC2086 # words
    (cd "$work/$1" && apt-get $apt download "$1" >"$work/log" 2>&1) || { cat "$work/log" >&2; return 1; }
    dpkg-deb -x "$work/$1"/*.deb "$work/unpacked"
    return 0
  done
  return 1
}

# Takes a program out of what was unpacked.
take() { # program, directory
  mkdir -p "$place/$2"
  find "$work/unpacked/usr" ! -type d -perm -100 -name "$1" -exec cp -L {} "$place/$2/$1" \;
  [ -x "$place/$2/$1" ]
}

if [ ! -x "$place/cli-plugins/docker-compose" ]; then
  { unpack docker-compose-v2 '[2-9]' || unpack docker-compose '[2-9]'; } && take docker-compose cli-plugins ||
    { echo "no package has docker's plugin compose 2" >&2; exit 1; }
fi
if [ ! -x "$place/cli-plugins/docker-buildx" ]; then
  unpack docker-buildx '' && take docker-buildx cli-plugins || { echo "no package has docker's plugin buildx" >&2; exit 1; }
fi
if [ "$(docker_major || echo 0)" -lt 28 ] && [ ! -x "$place/bin/docker" ]; then
  { unpack docker-cli 28 || unpack docker.io 28; } && take docker bin ||
    echo 'no package has the docker CLI 28: tests that compare with it are left out' >&2
fi
