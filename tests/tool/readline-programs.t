#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What is no shell: programs with GNU readline, by either of its interfaces, or with libedit.

. "$(dirname "$0")/readline-lib.sh"
need_bpf
host_only
cd "$TMP" || exit

# reads NAME PROMPT COMMAND...: what was at its prompt before the start, and three lines, each with "$end".
end=
reads() {
	local name=$1 prompt=$2

	shift 2
	if ! type -P "$1" >/dev/null; then
		skip "$name" "there is no $1 here"
		return
	fi
	sit "$@"
	prompt "$prompt"
	snoop
	keys "+1$end\\n" "?$prompt" "+2$end\\n" "?$prompt" "+3$end\\n"
	ok "$name: every line" sees "\"3$end\""
	is "$name: with the first of one that was at its prompt already" \
		"$(commands | tr -d '\n')" "${first-\"1$end\"}\"2$end\"\"3$end\""
	leave
	finish
	is "$name: each line once" "$(commands | sort | uniq -d)" ''
}
python=$(type -P /usr/bin/python3 || type -P python3)
reads 'python3, by the callback interface' '>>> ' "$python"
reads 'gdb, by the callback interface' '\(gdb\) ' gdb -q -nx
end=';' reads 'sqlite3' 'sqlite> ' sqlite3 -init /dev/null
# It has no prompt: what it says first is waited for.
reads 'bc' '[0-9]+\r\n|warranty' bc

# python3: a block is one command.
if [ -n "$python" ]; then
	sit "$python"
	prompt '>>> '
	snoop
	keys '+for i in range(1):\n' '?\.\.\. ' '+    pass\n' '?\.\.\. ' '+\n' '?>>> '
	ok 'python3: the lines of a block are one command' sees '"for i in range(1):\n    pass\n"'
	keys '+input("Password: ")\n' '?Password: ' '+1234\n' '?>>> '
	ok 'python3: what is asked for with input()' sees '"1234"'
	leave
	finish
	sit "$python"
	prompt '>>> '
	snoop --no-secrets
	keys '+input("Password: ")\n' '?Password: ' '+1234\n' '?>>> ' '+42\n' '?>>> '
	ok '--no-secrets' sees '"42"'
	is '--no-secrets: not what was asked for as a password' "$(commands | paste -sd ' ')" \
		'"input(\"Password: \")" "42"'
	leave
	finish
fi

# Programs of our own, made here: each asks "? " until the end.
cat >asks.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern char *readline(const char *);
/* A copy relocation: the library's variable is in this program then. */
extern char *rl_line_buffer, *rl_prompt;
int main(void)
{
	char *line;

	while ((line = readline("? "))) {
		printf("%zu %s %s\n", strlen(line), rl_line_buffer ? "has" : "none", rl_prompt ? rl_prompt : "");
		free(line);
	}
	return 0;
}
EOF
# A shell whose lines a library reads, as some distributions link bash: it has bash's variables.
cat >shell.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern char *readline(const char *);
int last_command_exit_value;
char *current_readline_line, *current_readline_prompt, *current_prompt_string, *ps1_prompt = "\\p> ", *ps2_prompt = "\\m> ";
static char *ask(char *prompt, char *shown)
{
	free(current_readline_line);
	current_readline_line = NULL;
	current_prompt_string = prompt;
	current_readline_prompt = shown;
	return current_readline_line = readline(shown);
}
int main(void)
{
	char *line;

	while ((line = ask(ps1_prompt, "ask> "))) {
		last_command_exit_value = atoi(line);
		while (*line && line[strlen(line) - 1] == '(' && (line = ask(ps2_prompt, "more> ")))
			last_command_exit_value = atoi(line);
		if (line && strstr(line, "read"))
			free(readline("Say: "));
	}
	return 0;
}
EOF
# made NAME LIBRARY OPTION...: builds it, if there is what that takes.
made() {
	local name=$1 library

	library=$("${CC:-cc}" -print-file-name="$2")
	[ -e "$library" ] || library=$(ldconfig -p 2>/dev/null | sed -n "s|.*$2 .*=> ||p" | head -n 1)
	[ -e "$library" ] && ${CC:-cc} "${@:3}" -o "$name" "${source:-asks.c}" "$library" 2>err
}
# As psql asks.
sed 's/readline("? ")/readline(n++ % 3 ? "db-# " : "db=# ")/; s/char \*line;/char *line; int n = 0;/' asks.c >more.c
if source=more.c made more libreadline.so.8; then
	sit "$TMP/more"
	prompt 'db=# '
	snoop
	keys '+select\n' '?db-# ' '+1\n' '?db-# ' '+;\n' '?db=# ' '+select 2;\n' '?db-# '
	ok 'lines at prompts as psql has them are one command' sees '"select\n1\n;"'
	leave
	finish
else
	skip 'lines at prompts as psql has them are one command' 'there is no libreadline.so.8 here'
fi
if made own libreadline.so.8 -no-pie -fno-pic; then
	ok 'the program has the variables of the library' grep -q COPY <(readelf -rW own)
	reads 'a program that the variables of libreadline were copied into' '\? ' "$TMP/own"
else
	skip 'a program that the variables of libreadline were copied into' 'there is no libreadline.so.8 here'
fi
for how in '-pie -fPIE' '-no-pie -fno-pic'; do
	# shellcheck disable=SC2086 # two options
	if ! source=shell.c made linked libreadline.so.8 -rdynamic $how; then
		skip "a shell that is linked to libreadline, $how" 'there is no libreadline.so.8 here'
		continue
	fi
	sit "$TMP/linked"
	prompt
	snoop --exit
	keys '+7\n' '?ask> ' '+(\n' '?more> ' '+9\n' '?ask> ' '+5 read\n' '?Say: ' '+said\n' '?ask> '
	ok "a shell that is linked to libreadline, $how: lines" sees '"5 read"'
	is "$how: the lines of a command are one, and its status is known" \
		"$(of 'select(.exit != null) | "\(.command | @json) \(.exit)"' | paste -sd ' ')" '"7" 7 "(\n9" 9 "5 read" 5'
	ok "$how: what is read by a command" saw_note '"said" "(read)"'
	leave
	finish
	run "$READLINE_SNOOP" --list -s "$TMP/linked"
	like "$how: --list has it" "$out" " $TMP/linked.\(a library reads its lines\)$"
done
if made edit libedit.so.2; then
	# A probe at the return of a function that was entered before sees nothing.
	first='' reads 'libedit' '\? ' "$TMP/edit"
	sit "$TMP/edit"
	prompt '\? '
	snoop -o +PROMPT
	keys '+1\n' '?\? ' '+22\n' '?\? '
	ok 'libedit: a line and its prompt' wait_until grep -q '"prompt":"? ".*"command":"22"' started.out
	leave
	finish
else
	skip 'libedit' 'there is no libedit.so.2 here'
fi
cat >wide.c <<'EOF'
#include <locale.h>
#include <stdio.h>
#include <wchar.h>
typedef struct editline EditLine;
extern EditLine *el_init(const char *, FILE *, FILE *, FILE *);
extern int el_set(EditLine *, int, ...);
extern const wchar_t *el_wgets(EditLine *, int *);
static char *ask(EditLine *el)
{
	(void)el;
	return "? ";
}
int main(void)
{
	EditLine *el;
	int n;

	setlocale(LC_ALL, "");
	el = el_init("wide", stdin, stdout, stderr);
	el_set(el, 0 /* EL_PROMPT */, ask);
	while (el_wgets(el, &n))
		;
	return 0;
}
EOF
if source=wide.c made wide libedit.so.2; then
	first='' reads 'libedit, by wide characters' '\? ' "$TMP/wide"
	sit "$TMP/wide"
	snoop
	long=$(printf '%03000d' 7)
	keys '?\? ' '+not seen\n' '?\? ' '+\xc3\xa4 \xe2\x82\xac\n' '?\? ' "+$long\\n" '?\? ' '+\x04'
	ok 'libedit, by wide characters: UTF-8' sees '"ä €"'
	ok 'libedit, by wide characters: what is long' sees "\"$long\""
	leave
	finish
else
	skip 'libedit, by wide characters' 'there is no libedit.so.2 here'
fi

# A function that nobody knows: -s and --symbol.
cat >own.c <<'EOF'
#include <stdio.h>
char *ask_for_line(void)
{
	static char line[100];
	printf("? ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin);
}
int main(void)
{
	while (ask_for_line())
		;
	return 0;
}
EOF
if ${CC:-cc} -O0 -o unknown own.c 2>err; then
	cp unknown stripped
	strip stripped
	# It waits in that function: the next call of it is the first that is seen.
	sit "$TMP/unknown"
	prompt '\? '
	snoop -s "$TMP/unknown" --symbol ask_for_line
	keys '+1\n' '?\? ' '+2\n' '?\? '
	ok '-s and --symbol: a function of a program' sees '"2"'
	keys '+\x04'
	ok 'and that it returned nothing' wait_until grep -q '(eof)' started.out
	leave
	finish
	run "$READLINE_SNOOP" --list -s "$TMP/unknown" --symbol ask_for_line
	offset=$(readelf -sW unknown | awk '$8 == "ask_for_line" { print $2 }')
	is '--list has its offset, as readelf gives the address' \
		"$(awk 'NR == 2 { print $1, $2 }' out)" "ask_for_line 0x${offset: -8}"
	run "$READLINE_SNOOP" -s "$TMP/stripped" --symbol ask_for_line
	is '-s: a program without that symbol' "$status $(grep -c . err)" '1 1'
	like 'and why' "$err" "^readline-snoop: -s: $TMP/stripped: nothing in it reads lines"
else
	skip '-s and --symbol' 'nothing can be compiled here'
fi

# Faster than anybody types: more than the ring buffer has room for, at once.
cat >fast.c <<'EOF'
#include <string.h>
__attribute__((noinline)) char *ask_for_line(char *line)
{
	__asm__ volatile("" ::: "memory");
	return line;
}
int main(void)
{
	static char line[70000];

	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < 1000; i++)
		if (!ask_for_line(line))
			return 1;
	return 0;
}
EOF
if [ "$(id -u)" = 0 ] && ${CC:-cc} -O0 -o fast fast.c 2>err; then
	chmod 755 "$TMP"
	snoop -s "$TMP/fast" --symbol ask_for_line
	setpriv --reuid 12345 --clear-groups "$TMP/fast"
	finish
	ok 'of a user who has too many lines some are shown' [ "$(grep -c '"command":"xxx' started.out)" -gt 5 ]
	is 'and all others are counted' "$(of .pid | wc -l) + $(jq 'select(.type == "summary") | .lost_excess' started.out)" \
		"$(of .pid | wc -l) + $((1000 - $(of .pid | wc -l)))"
	is 'and the ring buffer has room for those of others' \
		"$(jq 'select(.type == "summary") | .lost_ring_full' started.out)" 0
	like 'and it is said who that was' "$err" 'events lost in all \(too much of user 12345 [0-9]+\)'
else
	skip 'a user who has too many lines' 'needs root, and a compiler'
fi

run "$READLINE_SNOOP" -s "$TMP/nothing"
is '-s: no such file' "$status $err" "1 readline-snoop: -s: $TMP/nothing: No such file or directory"
done_testing
