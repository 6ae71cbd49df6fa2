#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The same tree gives the same bytes anywhere, reads nothing of the running kernel, and builds again what
# has to be built again.

. "$(dirname "$0")/lib.sh"

# A machine that has no compiler until "make deps" has installed one. apt-get only makes the links.
one=$TMP/one two=$TMP/another/directory
copy "$one"
mkdir "$TMP/another" && cp -r "$one" "$two"
fake sudo 'exec "$@"'
fake apt-get "[[ \" \$* \" != *' install '* ]] || {
	ln -s $(command -v gcc) $TMP/bin/cc-later
	ln -s $(command -v clang) $TMP/bin/clang-later
	ln -s $(command -v pkg-config) $TMP/bin/pkg-config-later
	ln -s $("$TOP/common/deps.sh" bpftool) $TMP/bin/bpftool-later
}"
ok 'make -j8 deps all, and no compiler before' env PATH="$TMP/bin:$PATH" make -C "$one" -j8 deps all \
	CC="$TMP/bin/cc-later" CLANG="$TMP/bin/clang-later" PKG_CONFIG="$TMP/bin/pkg-config-later" \
	BPFTOOL="$TMP/bin/bpftool-later" || done_testing

# The second copy: elsewhere, one job, and watched.
if strace -o /dev/null true 2>/dev/null; then
	ok 'make -j1 elsewhere' strace -f --seccomp-bpf -e trace=open,openat,openat2 -o "$TMP/opens" make -C "$two"
	ok 'the kernel half is built from bpf/kernel.h' grep -q '"bpf/kernel\.h"' "$TMP/opens"
	kernel='"(/sys/|/proc/(kallsyms|kcore|config|modules|version)|/boot|(/usr)?/lib/modules|/usr/src)'
	nok 'nothing of the running kernel is read' grep -E "$kernel" "$TMP/opens"
else
	ok 'make -j1 elsewhere' make -C "$two"
	skip 'nothing of the running kernel is read' 'strace may not trace here'
fi
for file in $(programs "$two"); do
	name=${file##*/}
	ok "$name: the same bytes in another directory" cmp "$one/build/$name" "$file"
	header=$(readelf -hW "$file")
	dynamic=$(readelf -dW "$file")
	segments=$(readelf -lW "$file")
	symbols=$(readelf -sW "$file")
	like "$name: position independent" "$header" 'Type: *DYN'
	like "$name: bound at start" "$dynamic" 'BIND_NOW'
	like "$name: read-only relocations" "$segments" 'GNU_RELRO'
	like "$name: the stack is not executable" "$segments" 'GNU_STACK[ x0-9a-f]* RW '
	like "$name: stack protector" "$symbols" '__stack_chk_fail'
	like "$name: _FORTIFY_SOURCE" "$symbols" '__[a-z]*printf_chk|__memcpy_chk|__read_chk|__snprintf_chk'
	nok "$name: the directory is not in it" grep -aqF "$two" "$file"
done

built() { make --no-print-directory -C "$two" "$@" 2>&1; }
is 'nothing to do the second time' "$(built)" ''
touch "$two/bpf/kernel.h"
like 'a header of the kernel half builds that again' "$(built)" 'BPF .*LINK'
touch "$two/common/log.h"
again=$(built)
like 'a header of common/ builds what includes it again' "$again" 'CC +common/log.c.*LINK'
unlike '... and not the kernel half' "$again" 'BPF'
like 'other flags build again' "$(built build/common/log.o CFLAGS=-O1)" 'CC +common/log.c'
like 'V=1 shows the commands' "$(built build/common/log.o V=1)" '-fstack-protector-strong'

ok 'make install' make -C "$one" install DESTDIR="$TMP/dest" prefix=/usr CC="$TMP/bin/cc-later" \
	CLANG="$TMP/bin/clang-later" PKG_CONFIG="$TMP/bin/pkg-config-later" BPFTOOL="$TMP/bin/bpftool-later"
for file in $(programs "$two"); do
	name=${file##*/}
	ok "$name is installed" test -x "$TMP/dest/usr/sbin/$name"
	ok "$name: its page" cmp "$one/man/$name.8" "$TMP/dest/usr/share/man/man8/$name.8"
	ok "$name: its completion" test -r "$TMP/dest/usr/share/bash-completion/completions/$name"
done
ok 'make uninstall' make -C "$one" uninstall DESTDIR="$TMP/dest" prefix=/usr
is '... leaves nothing' "$(find "$TMP/dest" ! -type d)" ''

done_testing
