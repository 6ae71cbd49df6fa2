# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the tests of the manual and of README.md share, besides tests/lib.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034 # for the tests
mapfile -t TOOLS < <(sed -n 's/^TOOLS *:= *//p' "$TOP/Makefile" | tr -s ' ' '\n')

# section PAGE NAME: the source of one section.
section() {
	awk -v name="$2" '/^\.Sh / { on = $0 == ".Sh " name; next } on' "$TOP/man/$1"
}

# help_options TOOL: "-x --long =" for each option that --help lists; - where there is no letter, and no =
# where there is no argument.
help_options() {
	"$BUILD/$1" --help | awk '
		match($0, /^ +(-[A-Za-z?], )? *--[a-z-]+=?/) {
			line = substr($0, RSTART, RLENGTH)
			short = line ~ /^ +-[^-]/ ? substr(line, match(line, /-[^-]/), 2) : "-"
			match(line, /--[a-z-]+/)
			print short, substr(line, RSTART, RLENGTH) (line ~ /=$/ ? " =" : "")
		}' | LC_ALL=C sort
}

# page_options TOOL: the same, as its manual lists them.
page_options() {
	section "$1.8" OPTIONS | awk '
		/^\.It Fl / {
			gsub(/\\&/, "")
			short = long = "-"
			for (i = 2; i < NF; i++) {
				if ($i != "Fl" || $(i + 1) == "-")
					continue
				if ($(i + 1) ~ /^-/)
					long = "-" $(i + 1)
				else
					short = "-" $(i + 1)
			}
			if (long != "-" || short != "-")
				print short, long (/ Ns = Ns Ar / ? " =" : "")
		}' | LC_ALL=C sort
}
