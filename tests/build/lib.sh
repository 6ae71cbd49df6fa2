# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the tests of the build share: a copy of the tree, and a make that is nobody's child.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR

# copy DIRECTORY: what a build needs, and nothing that was built.
copy() {
	mkdir -p "$1"
	cp -r "$TOP"/{Makefile,bpf,common,tools,man} "$1"
}

# fake NAME SCRIPT: a program $TMP/bin/NAME.
mkdir "$TMP/bin"
fake() {
	printf '#!/bin/bash\n%s\n' "$2" >"$TMP/bin/$1"
	chmod +x "$TMP/bin/$1"
}

# programs DIRECTORY: those that were built there.
programs() {
	find "$1/build" -maxdepth 1 -type f -perm -u+x | sort
}
