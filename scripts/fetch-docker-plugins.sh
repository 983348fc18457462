#!/bin/sh
# Unpacks docker's plugins compose (2 and up) and buildx into node_modules/.cache/docker, as the tests' DOCKER_CONFIG has them. From
# the distribution's own mirror; nothing is installed. Debian 12 has neither: it takes those of the next release. Idempotent.
set -eu
cd "$(dirname "$0")/.."
place=node_modules/.cache/docker/cli-plugins
if [ -x "$place/docker-compose" ] && [ -x "$place/docker-buildx" ]; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compose=docker-compose
if apt-cache show docker-compose-v2 >/dev/null 2>&1; then compose=docker-compose-v2; fi
options='-q'
if ! apt-cache show --no-all-versions "$compose" 2>/dev/null | grep -q '^Version: [2-9]'; then
  # shellcheck source=/dev/null
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$release //p" | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  options="-q -o Dir::Etc::SourceList=$work/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$work/lists -o Dir::Cache=$work/cache -o APT::Sandbox::User=root"
  # shellcheck disable=SC2086 # words
  apt-get $options update >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
fi
mkdir -p "$place" "$work/unpacked"
# shellcheck disable=SC2086 # words
(cd "$work" && apt-get $options -o APT::Sandbox::User=root download "$compose" docker-buildx >log 2>&1) || { cat "$work/log" >&2; exit 1; }
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/unpacked"; done
for plugin in docker-compose docker-buildx; do
  find "$work/unpacked/usr" -path "*/cli-plugins/$plugin" -exec cp -L {} "$place/$plugin" \;
  [ -x "$place/$plugin" ] || { echo "the packages have no plugin $plugin" >&2; exit 1; }
done
