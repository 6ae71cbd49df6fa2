# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the scripts that make guests share: where things are kept, and the content of packages of any suite of
# Debian and any architecture. They are taken from the mirror that this machine itself uses, and never installed.

set -u -o pipefail
VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(realpath "$VM/../..")
# shellcheck disable=SC2034 # for the scripts
BUILD=$(realpath -m "${BUILD:-$TOP/build}")
# Where others could write is no place for what root unpacks; and there need not be a HOME.
if [ -n "${XDG_CACHE_HOME:-}" ]; then
	CACHE=$XDG_CACHE_HOME/snoop-tools
elif [ "$(id -u)" -eq 0 ]; then
	CACHE=/var/cache/snoop-tools
else
	CACHE=$HOME/.cache/snoop-tools
fi

# unfetched MESSAGE...: the one failure that is nobody's fault has a status of its own.
unfetched() {
	echo "could not be fetched: $*" >&2
	exit 77
}

# The suite that this machine is of.
host_suite() {
	# shellcheck disable=SC1091 # every Debian has it
	(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") 2>/dev/null
}

# apt SUITE ARCH COMMAND...: apt-get with a state of its own, and of this machine the settings only.
apt() {
	local state=$CACHE/apt/$1-$2

	apt-get -q -o "Dir::State=$state" -o "Dir::State::status=$state/status" -o "Dir::Cache=$state" \
		-o "Dir::Etc::sourcelist=$state/sources" -o Dir::Etc::sourceparts=/dev/null \
		-o "APT::Architecture=$2" -o "APT::Architectures=$2" -o APT::Sandbox::User=root "${@:3}"
}

# resolve SUITE ARCH PACKAGE...: "NAME=VERSION" of these and of all that they need.
resolve() {
	local suite=$1 arch=$2 state=$CACHE/apt/$1-$2 mirror

	shift 2
	mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v suite="$(host_suite)" '$1 == suite && !found++ { print $2 }')
	[ -n "$mirror" ] || {
		echo 'this machine has no mirror of Debian in its sources'
		return 1
	} >&2
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	: >"$state/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources"
	apt "$suite" "$arch" -o APT::Update::Error-Mode=any update >/dev/null &&
		apt "$suite" "$arch" --no-install-recommends --print-uris -y install "$@" |
		sed -nE "s/^'[^']*' ([^_]*)_([^_]*)_.*/\1=\2/p" | sed 's/%3a/:/'
}

# unpack SUITE ARCH DIRECTORY PATTERN TAR-OPTION... -- PACKAGE...: into an empty DIRECTORY, unless that is what it
# has, what is in these packages and in all that they need, as far as their names match; tar gets the options.
unpack() {
	local suite=$1 arch=$2 dir=$3 pattern=$4 options=() name deb wanted

	shift 4
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	mkdir -p "$CACHE"
	(
		flock 9
		debs=$(mktemp -d "$CACHE/debs.XXXXXX") || exit
		trap 'rm -rf "$debs"' EXIT
		if ! wanted=$(resolve "$suite" "$arch" "${@:2}" 2>"$debs/log" | grep -E "^$pattern"); then
			[ -e "$dir/.packages" ] || unfetched "$suite, $arch: $(tail -n 1 "$debs/log")"
			echo "$suite, $arch: no mirror answers; this is what was fetched before" >&2
			exit 0
		fi
		[ "$wanted" != "$(cat "$dir/.packages" 2>/dev/null)" ] || exit 0
		# shellcheck disable=SC2086 # a word for each package
		(cd "$debs" && apt "$suite" "$arch" download $wanted) >"$debs/log" 2>&1 ||
			unfetched "$suite, $arch: $(tail -n 1 "$debs/log")"
		rm -rf "$dir"
		# As in every system that was installed, what is below /bin is below /usr/bin.
		for name in bin sbin lib lib64; do
			mkdir -p "$dir/usr/$name"
			ln -s "usr/$name" "$dir/$name"
		done
		for deb in "$debs"/*.deb; do
			dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --no-same-owner --keep-directory-symlink "${options[@]}" || exit
		done
		echo "$wanted" >"$dir/.packages"
	) 9>"$CACHE/lock" || exit
}
