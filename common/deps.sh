#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the build, the tests and the lint need, and which package gives it.
#
#     common/deps.sh install GROUP...   install what is missing for build, test, vm, arm64, bench, lint
#     common/deps.sh check GROUP...     say in one line what is missing
#     common/deps.sh bpftool            print the path of a bpftool that works
#
# Plain sh: it must run before anything is installed. Honours CC CLANG LLVM_STRIP PKG_CONFIG BPFTOOL.
#
# shellcheck disable=SC2086 # lists of words are meant to be split

set -u

managers='apt-get dnf pacman zypper apk'

# How to tell that it is there: prog:NAME[:VERSION] in PATH, pkg:MODULE[:VERSION] for pkg-config,
# header:FILE in /usr/include, lib:FILE for the compiler, bpftool:. A "-": nothing is needed there, or
# there is no such package. a|b: the first that the package manager knows.
table() {
	cat <<'END'
# for   how to tell             apt                          dnf                pacman        zypper               apk
build   prog:cc                 gcc                          gcc                gcc           gcc                  gcc
build   header:stdio.h          libc6-dev                    glibc-devel        glibc         glibc-devel          musl-dev
build   header:linux/bpf.h      linux-libc-dev               kernel-headers     linux-api-headers  linux-glibc-devel  linux-headers
build   header:argp.h           libc6-dev                    glibc-devel        glibc         glibc-devel          argp-standalone
build   prog:clang:14           clang                        clang              clang         clang                clang
build   prog:llvm-strip         llvm                         llvm               llvm          llvm                 llvm
build   bpftool:                bpftool|linux-tools-generic  bpftool            bpf           bpftool              bpftool
build   prog:pkg-config         pkg-config                   pkgconf-pkg-config pkgconf       pkgconf-pkg-config   pkgconf
build   pkg:libbpf:1.1          libbpf-dev                   libbpf-devel       libbpf        libbpf-devel         libbpf-dev
build   pkg:libdw:0.178         libdw-dev                    elfutils-devel       libelf        libdw-devel          elfutils-dev
build   pkg:libelf              libelf-dev                   elfutils-libelf-devel  libelf    libelf-devel         elfutils-dev
build   pkg:liblzma             liblzma-dev                  xz-devel           xz            xz-devel             xz-dev
build   pkg:zlib                zlib1g-dev                   zlib-devel         zlib          zlib-devel           zlib-dev
test    prog:bash               bash                         bash               bash          bash                 bash
test    pkg:cmocka              libcmocka-dev                libcmocka-devel    cmocka        libcmocka-devel      cmocka-dev
test    lib:libasan.so          gcc                          libasan            gcc           gcc                  -
test    lib:libubsan.so         gcc                          libubsan           gcc           gcc                  -
test    prog:strace             strace                       strace             strace        strace               strace
test    prog:jq                 jq                           jq                 jq            jq                   jq
test    prog:mandoc             mandoc                       mandoc             mandoc        mandoc               mandoc
test    prog:readelf            binutils                     binutils           binutils      binutils             binutils
test    prog:python3            python3                      python3            python        python3              python3
test    prog:perl               perl                         perl               perl          perl                 perl
test    prog:git                git                          git                git           git                  git
test    prog:find               findutils                    findutils          findutils     findutils            findutils
test    prog:diff               diffutils                    diffutils          diffutils     diffutils            diffutils
test    prog:pgrep              procps                       procps-ng          procps-ng     procps               procps-ng
test    prog:script             bsdutils                     util-linux         util-linux    util-linux           util-linux-misc
test    prog:setpriv            util-linux                   util-linux         util-linux    util-linux           setpriv
test    prog:setcap             libcap2-bin                  libcap             libcap        libcap-progs         libcap-utils
test    prog:zsh                zsh                          zsh                zsh           zsh                  zsh
test    prog:gdb                gdb                          gdb                gdb           gdb                  gdb
test    prog:bc                 bc                           bc                 bc            bc                   bc
test    prog:sqlite3            sqlite3                      sqlite             sqlite        sqlite3              sqlite
test    prog:tar                tar                          tar                tar           tar                  tar
test    prog:vim                vim                          vim-enhanced       vim           vim                  vim
test    prog:bash-static        bash-static                  -                  -             -                    -
test    lib:libedit.so.2        libedit2                     libedit            libedit       libedit0             libedit
test    lib:libreadline.so.8    libreadline8                 readline           readline      libreadline8         readline
vm      prog:apt-get            apt                          apt                -             -                    -
vm      prog:dpkg-deb           dpkg                         dpkg               dpkg          dpkg                 dpkg
vm      prog:cpio               cpio                         cpio               cpio          cpio                 cpio
vm      prog:qemu-system-x86_64 qemu-system-x86              qemu-system-x86    qemu-system-x86  qemu-x86          qemu-system-x86_64
vm      prog:qemu-system-aarch64 qemu-system-arm             qemu-system-aarch64  qemu-system-aarch64  qemu-arm     qemu-system-aarch64
arm64   prog:aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu     gcc-aarch64-linux-gnu  aarch64-linux-gnu-gcc  cross-aarch64-gcc12  -
bench   prog:/usr/sbin/opensnoop libbpf-tools            -                  -             -                    -
bench   prog:bpftrace           bpftrace                     bpftrace           bpftrace      bpftrace             bpftrace
lint    prog:clang-format:14    clang-format                 clang-tools-extra  clang         clang-tools          clang-extra-tools
lint    prog:clang-tidy         clang-tidy                   clang-tools-extra  clang         clang-tools          clang-extra-tools
lint    prog:cppcheck           cppcheck                     cppcheck           cppcheck      cppcheck             cppcheck
lint    prog:shellcheck         shellcheck                   ShellCheck         shellcheck    ShellCheck           shellcheck
END
}

# Ubuntu's /usr/sbin/bpftool is a script that refuses to run on a kernel without a package of its own; the
# programs it looks for are below /usr/lib.
find_bpftool() {
	for bpftool in ${BPFTOOL:-bpftool /usr/sbin/bpftool /usr/lib/linux-tools*/bpftool /usr/lib/linux-tools/*/bpftool}; do
		if "$bpftool" version >/dev/null 2>&1; then
			command -v "$bpftool"
			return
		fi
	done
	return 1
}

# program NAME: what the environment says it is called; it may be several words, as in CC="ccache gcc".
program() {
	case $1 in
	cc) echo "${CC:-cc}" ;;
	clang) echo "${CLANG:-clang}" ;;
	pkg-config) echo "${PKG_CONFIG:-pkg-config}" ;;
	llvm-strip) echo "${LLVM_STRIP:-$($(program clang) -print-prog-name=llvm-strip 2>/dev/null || echo llvm-strip)}" ;;
	*) echo "$1" ;;
	esac
}

# have KIND NAME VERSION: is it there, and new enough?
have() {
	case $1 in
	prog)
		called=$(program "$2")
		command -v ${called%% *} >/dev/null || return
		[ -z "$3" ] || [ "$($called --version | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -n 1)" -ge "$3" ]
		;;
	pkg) $(program pkg-config) --exists "$2${3:+ >= $3}" ;;
	header) [ -e "/usr/include/$2" ] ;;
	lib) [ "$($(program cc) -print-file-name="$2")" != "$2" ] ;;
	bpftool) find_bpftool ;;
	esac >/dev/null 2>&1
}

# The package manager of this system; nothing if it is none that the table knows.
manager() {
	for name in $managers; do
		if command -v $name >/dev/null; then
			echo $name
			return
		fi
	done
}

# package LIST OF FIVE: the one for this system.
package() {
	for name in $managers; do
		[ $name != "$manager" ] || echo "$1"
		shift
	done
}

# missing GROUP...: "KIND NAME VERSION PACKAGE" of what is needed and not there; - for no version.
missing() {
	table | while read -r group test packages; do
		case " $* " in
		*" $group "*) ;;
		*) continue ;;
		esac
		kind=${test%%:*} version=
		name=${test#*:}
		case $name in
		*:*) version=${name#*:} name=${name%:*} ;;
		esac
		package=$(package $packages)
		[ "$package" = - ] || have "$kind" "$name" "$version" ||
			echo "$kind ${name:-$kind} ${version:--} $package"
	done
}

# check GROUP...
check() {
	list=$(missing "$@" | while read -r kind name version _; do
		called=$name
		[ $kind != prog ] || called=$(program $name)
		[ $kind != bpftool ] || called=${BPFTOOL:-$name}
		[ "$version" = - ] || name="$name $version or later"
		[ "$called" = "${name%% *}" ] || name="$name (as $called)"
		printf '%s, ' "$name"
	done)
	[ -n "$list" ] || return 0
	echo "missing or too old: ${list%, }; 'make deps' installs what is needed" >&2
	return 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# install GROUP...
install() {
	rows=$(missing "$@")
	[ -n "$rows" ] || return 0
	packages=$(echo "$rows" | while read -r _ _ _ package; do
		case $package in
		*\|*)
			apt-cache policy "${package%|*}" | grep -q 'Candidate: [0-9]' && package=${package%|*}
			package=${package#*|}
			;;
		esac
		echo "$package"
	done | sort -u | tr '\n' ' ')
	echo "  DEPS     $packages"
	case $manager in
	apt-get) as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $packages ;;
	dnf) as_root dnf -y install $packages ;;
	pacman) as_root pacman -Sy --noconfirm --needed $packages ;;
	zypper) as_root zypper --non-interactive install $packages ;;
	apk) as_root apk add $packages ;;
	esac </dev/null
}

manager=$(manager)
action=${1:-}
[ $# -eq 0 ] || shift
case $action in
install)
	if [ "$manager" = apt-get ] && [ -n "$(missing "$@")" ]; then
		as_root apt-get -q update </dev/null
	fi
	install "$@" && check "$@"
	;;
check) check "$@" ;;
bpftool) find_bpftool ;;
*)
	sed -n 's/^#     //p' "$0" >&2
	exit 2
	;;
esac
