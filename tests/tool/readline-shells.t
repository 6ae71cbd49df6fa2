#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Shells, wherever they are and whenever they were started: each line once.

. "$(dirname "$0")/readline-lib.sh"
need_bpf
cd "$TMP" || exit

# --- bash ---
sit bash --norc -i
prompt
snoop
keys '+echo first\n' '?first\r\nask> '
ok 'bash: the first command of one that was at its prompt already' sees '"echo first"'
keys '+echo second\n' '?second\r\nask> '
ok 'bash: and the next one' sees '"echo second"'
leave
is 'bash: each of them once' "$(commands | paste -sd ' ')" '"echo first" "echo second"'

sit bash --norc -i
keys '?ask> ' '+echo third\n' '?third\r\nask> '
ok 'bash: one that was started later' sees '"echo third"'
leave
sit rbash --norc -i
keys '?ask> ' '+echo restricted\n' '?ask> '
ok 'rbash' sees '"echo restricted"'
leave
sit perl -e 'exec { shift } @ARGV' "$BASH_PROGRAM" strange --norc -i
keys '?ask> ' '+echo strange\n' '?ask> '
ok 'bash by another name' sees '"echo strange"'
leave

# within_a_second NAME COMMAND...: a copy that nobody has run before, under another name. It says when it began.
within_a_second() {
	local name=$1 began seen_at

	shift
	sit "$@"
	prompt
	began=$(now)
	# What is not seen is typed again, as a person would notice at once.
	until saw '"echo new"' || [ "$(since "$began")" -gt 20000000 ]; do
		keys '+echo new\n'
		sleep 0.05
	done
	seen_at=$(since "$began")
	ok "$name" saw '"echo new"'
	[ -n "${SNOOP_GUEST:-}" ] || ok "$name: within a second" [ "$seen_at" -lt 1000000 ]
	diag "$seen_at us"
	leave
}
cp "$BASH_PROGRAM" "$TMP/copied"
within_a_second 'a copied bash with another name' "$TMP/copied" --norc -i
if unshare -m true 2>err; then
	mkdir elsewhere
	within_a_second 'a copied bash in another mount namespace' unshare -m sh -c 'mount -t tmpfs none "$1" &&
		cp "$2" "$1/inside" && exec "$1/inside" --norc -i' sh "$TMP/elsewhere" "$BASH_PROGRAM"
	ok 'which cannot be reached from here' [ ! -e elsewhere/inside ]
else
	skip 'a copied bash in another mount namespace' "$(head -n 1 err)"
fi

# A root of its own, with what the copy is linked to.
mkdir root
for file in "$BASH_PROGRAM" $(ldd "$BASH_PROGRAM" | grep -o '/[^ ]*'); do
	mkdir -p "root$(dirname "$file")"
	cp -L "$file" "root$file"
done
within_a_second 'a bash in a chroot' chroot "$TMP/root" "$BASH_PROGRAM" --norc -i

# One file under two names, as containers of one image have it.
mkdir -p lower upper1 upper2 work1 work2 merged1 merged2
cp "$BASH_PROGRAM" lower/layered
if unshare -m sh -c "mount -t tmpfs none upper1 && mkdir upper1/u upper1/w &&
		mount -t overlay -o lowerdir=lower,upperdir=upper1/u,workdir=upper1/w none merged1" 2>err; then
	rm -f "$TMP/copied"
	for n in 1 2; do
		unshare -m sh -c "mount -t tmpfs none upper$n && mkdir upper$n/u upper$n/w &&
			mount -t overlay -o lowerdir=lower,upperdir=upper$n/u,workdir=upper$n/w none merged$n &&
			exec merged$n/layered --norc -i" </dev/null >/dev/null 2>&1
	done
	within_a_second 'a file in a layer that two overlays share' unshare -m sh -c "mount -t tmpfs none upper1 &&
		mkdir upper1/u upper1/w &&
		mount -t overlay -o lowerdir=lower,upperdir=upper1/u,workdir=upper1/w none merged1 &&
		exec merged1/layered --norc -i"
	sit unshare -m sh -c "mount -t tmpfs none upper2 && mkdir upper2/u upper2/w &&
		mount -t overlay -o lowerdir=lower,upperdir=upper2/u,workdir=upper2/w none merged2 &&
		exec merged2/layered --norc -i"
	prompt
	until saw '"echo again"'; do
		keys '+echo again\n'
		sleep 0.3
	done
	keys '+echo once\n' '?once\r\nask> ' '+echo twice\n' '?twice\r\nask> '
	ok 'and in the other overlay' sees '"echo twice"'
	is 'each line once there' "$(commands | grep -c -e once -e twice)" 2
	if printf '%s\n' 6.7 "$(uname -r)" | sort -VC; then
		is 'both share a probe' "$(grep -c 'attached: .*/layered:' started.err)" 1
	else
		skip 'both share a probe' 'overlays give no handles before Linux 6.7'
	fi
	leave
else
	skip 'a file in a layer that two overlays share' "${SNOOP_GUEST:+in a guest: }$(head -n 1 err)"
fi
finish
is 'nothing was said, and nothing lost' "$(grep -v -e ' attached: ' -e ': program ' -e ': ready$' -e 'in PID namespace' \
	-e 'not attached to .*: no symbol tells' "$TMP/started.err")" ''

# --- what is known of a shell that cannot be had ---
if static=$(type -P bash-static); then
	sit "$static" --norc -i
	prompt
	run "$READLINE_SNOOP" --list
	leave
	like 'bash-static: --list says why not' "$(grep -a bash-static out)" \
		'^- +- +1 .*bash-static.\(no symbol tells where in it lines are read\)$'
else
	skip 'bash-static' 'there is none here'
fi

# --- zsh ---
if ! type -P zsh >/dev/null; then
	skip 'zsh' 'there is none here'
	done_testing
fi
sit zsh -f -i
prompt
snoop --exit
keys '+print first\n' '?first[^a]*ask> '
ok 'zsh: the first command of one that was at its prompt already' sees '"print first"'
keys '+for i in 1 2\n' '?more> ' '+do :; done\n' '?ask> '
ok 'zsh: the lines of one command' sees '"for i in 1 2\ndo :; done"'
keys '+(exit 7)\n' '?ask> '
ok 'zsh: another one' sees '"(exit 7)"'
is 'zsh: its exit status' "$(of 'select(.command == "(exit 7)") | .exit')" 7
keys '+print \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\n' '?ask> '
ok 'zsh: UTF-8' sees '"print ä € 😀"'
keys '+thrown away\x03' '?ask> ' '+vared -c -p "Give: " x\n' '?Give: ' '+given\n' '?ask> ' '+print last\n' '?ask> '
ok 'zsh: after Ctrl-C' sees '"print last"'
nok 'zsh: what was typed before Ctrl-C is not shown' saw '"thrown away"'
ok 'zsh: vared, within a command' saw_note '"given" "(read)"'
keys '+\x04'
ok 'zsh: the end of the file' wait_until saw_note 'null "(eof)"'
leave
finish
is 'zsh: each line once' "$(commands | sort | uniq -d)" ''
done_testing
