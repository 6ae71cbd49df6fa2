# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Completion for every command of snoop-tools. It is installed under the name of each, which is how
# bash-completion finds it, and asks the command itself for what it knows.

# _snoop_tools_list WORDS: those that go on from the word; of a list with commas, from its last item.
_snoop_tools_list() {
	local item=${cur##*,} before
	before=${cur%"$item"}
	# -o +COL adds to the columns that are shown anyway.
	if [[ $item == +* ]]; then
		before+=+ item=${item#+}
	fi
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "$item")
	compopt -o nospace
}

_snoop_tools() {
	local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} i summary=

	COMPREPLY=()

	# After -- it is somebody else's command line.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif ((COMP_CWORD == i + 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			compopt -o filenames
		fi
		return
	done

	# readline splits --option=value in three.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	case $option in
	-o | --output)
		# writesnoop has other columns with -S.
		[[ " ${COMP_WORDS[*]} " != *' -'@(S|-summary)' '* ]] || summary=-S
		_snoop_tools_list "$("$tool" $summary -o list 2>/dev/null | awk '{ print $1 }')"
		;;
	--by)
		_snoop_tools_list 'uid pid ppid session comm exe cgroup'
		;;
	-u | --uid | --user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		;;
	-p | --pid)
		_snoop_tools_list "$(cd /proc && printf '%s ' [0-9]*)"
		;;
	-s)
		# A number, but of readline-snoop.
		[[ $tool == *readline-snoop ]] || return
		;&
	--to | --target)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		;;
	-c | --cgroup)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		compopt -o filenames
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "-- $("$tool" --help 2>/dev/null |
			grep -Eo '^ +(-[A-Za-z?], +)?--[a-z-]+|^ +-[A-Za-z]' | tr -d ' ' | tr ',' '\n')" -- "$cur")
		;;
	esac
}

complete -F _snoop_tools "${BASH_SOURCE[0]##*/}"
