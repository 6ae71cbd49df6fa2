#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Completion offers the options and the columns that the commands have.

. "$(dirname "$0")/lib.sh"

# Outside of a completion bash has no options for one.
compopt() { :; }
. "$TOP/common/completion.bash"

# complete TOOL WORD...: what is offered for the last word, a line for each.
offers() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_snoop_tools "$BUILD/$1"
	printf '%s\n' "${COMPREPLY[@]}"
}

for tool in "${TOOLS[@]}"; do
	{
		echo --
		help_options "$tool" | tr ' ' '\n' | grep -vx -e - -e =
	} | LC_ALL=C sort >"$TMP/want"
	# -? is of no use to anybody who has completion.
	offers "$tool" - | LC_ALL=C sort >"$TMP/got"
	same "$tool: the options of --help" "$TMP/got" "$TMP/want"
	is "$tool: of a word that was begun those that go on from it" "$(offers "$tool" --no-h)" --no-header
	is "$tool: nothing where nothing fits" "$(offers "$tool" --nosuch)" ''

	"$BUILD/$tool" -o list | awk '{ print $1 }' >"$TMP/want"
	offers "$tool" -o '' >"$TMP/got"
	same "$tool: the columns after -o" "$TMP/got" "$TMP/want"
	offers "$tool" --output = '' >"$TMP/got"
	same "$tool: and after --output=" "$TMP/got" "$TMP/want"
	is "$tool: the last of several columns" "$(offers "$tool" -o PID,TIM)" PID,TIME
	is "$tool: columns that are added" "$(offers "$tool" -o +TIM)" +TIME
done

for option in -u --uid --user; do
	ok "$option: users" grep -qx root <(offers "${TOOLS[0]}" "$option" ro)
done
ok '-p: processes' grep -qx $$ <(offers "${TOOLS[0]}" -p $$)
is '--by: what there is to count by' "$(offers clonecount --by pid,se)" pid,session
is '-o: with -S the columns of files' "$(offers writesnoop -S -o UNS)" UNSYNCED
touch "$TMP/some-file"
is '-s: files, where it takes one' "$(offers readline-snoop -s "$TMP/some")" "$TMP/some-file"
is '-s: nothing, where it takes a number' "$(offers writesnoop -s "$TMP/some")" ''
is '--to: files' "$(offers "${TOOLS[0]}" --to "$TMP/some")" "$TMP/some-file"
is 'after -- what belongs to the command' "$(offers "${TOOLS[0]}" -x -- cat "$TMP/some")" "$TMP/some-file"
done_testing
