# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# One word here is a command: bpf/X.bpf.c, tools/X.c and man/X.8 are found by its name.
TOOLS := opensnoop execsnoop writesnoop clonecount clonesnoop readline-snoop

VERSION := 0.1.0

prefix  ?= /usr/local
sbindir ?= $(prefix)/sbin
datadir ?= $(prefix)/share
mandir  ?= $(datadir)/man
compdir  = $(datadir)/bash-completion/completions

BUILD := build

# What a program has to be asked for is found when a recipe needs it, once: "make deps all" must work on a
# machine that has none of these programs when this file is read.
ask = $(eval $(1) := $$(shell $(2) 2>/dev/null))$($(1))

CLANG      ?= clang
PKG_CONFIG ?= pkg-config
LLVM_STRIP ?= $(call ask,LLVM_STRIP,$(CLANG) -print-prog-name=llvm-strip)
BPFTOOL    ?= $(call ask,BPFTOOL,common/deps.sh bpftool)
ifeq ($(origin AR),default)
AR = $(call ask,AR,$(CC) -print-prog-name=ar)
endif
export CC CLANG PKG_CONFIG

CFLAGS     ?= -O2 -g
BPF_CFLAGS ?= -O2
SANITIZE   ?= address,undefined

TARGET = $(call ask,TARGET,$(CC) -dumpmachine)
CPU    = $(firstword $(subst -, ,$(TARGET)))
ARCH   = $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(CPU)))

PKGS       := libbpf libdw libelf liblzma zlib
PKG_CFLAGS  = $(call ask,PKG_CFLAGS,$(PKG_CONFIG) --cflags $(PKGS))
PKG_LIBS    = $(call ask,PKG_LIBS,$(PKG_CONFIG) $(if $(STATIC),--static) --libs $(PKGS))
# argp is not in musl.
LIBS        = $(PKG_LIBS) $(if $(findstring musl,$(TARGET)),-largp)

MAP      := -ffile-prefix-map=$(CURDIR)=.
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wwrite-strings -Wformat-security $(if $(WERROR),-Werror)

# A distribution that sets its own level of _FORTIFY_SOURCE keeps it; without optimising there is none.
FORTIFY = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,\
	$(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))

# -D_GNU_SOURCE= rather than -D_GNU_SOURCE, so that a source may say "#define _GNU_SOURCE" as well.
COMMON_FLAGS = -std=gnu11 -I. -I$(BUILD)/bpf -D_GNU_SOURCE= -DVERSION='"$(VERSION)"' $(if $(STATIC),-DSTATIC) \
	$(MAP) $(WARNINGS) -Wmissing-prototypes -MMD -MP $(PKG_CFLAGS)
C_FLAGS      = $(COMMON_FLAGS) -fPIE -fstack-protector-strong $(FORTIFY) $(CPPFLAGS) $(CFLAGS)
LD_FLAGS     = $(if $(STATIC),-static-pie,-pie) -Wl,-z,relro -Wl,-z,now $(CFLAGS) $(LDFLAGS)
SAN_FLAGS    = $(COMMON_FLAGS) $(CPPFLAGS) -g -O1 -fno-omit-frame-pointer \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
TEST_FLAGS   = -std=gnu11 -I. -D_GNU_SOURCE= $(MAP) $(WARNINGS) -Wmissing-prototypes -MMD -MP $(CPPFLAGS) $(CFLAGS)

# clang -target bpf does not look where Debian keeps the asm/ of the target, or of another one.
BPF_FLAGS = -std=gnu11 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -I. -Ibpf \
	$(if $(VMLINUX_H),-DVMLINUX_H='"$(VMLINUX_H)"') $(MAP) $(WARNINGS) -Wno-unused-parameter \
	-MMD -MP $(PKG_CFLAGS) \
	-idirafter $(SYSROOT)/usr/include/$(CPU)-linux-gnu -idirafter /usr/$(CPU)-linux-gnu/include $(BPF_CFLAGS)

# Q hides a command, say tells what it is for; V=1 does the opposite.
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

BINS      := $(TOOLS:%=$(BUILD)/%)
SKELS     := $(TOOLS:%=$(BUILD)/bpf/%.skel.h)
COMMON    := $(patsubst %.c,%.o,$(wildcard common/*.c))
UNIT      := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
WORKLOADS := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/workload/*.c)) $(BUILD)/workload/told_static
BENCH     := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
STAMP     := $(BUILD)/flags
DEPS      := $(filter deps,$(MAKECMDGOALS))

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

all: $(BINS)

skeletons: $(SKELS)

# For arm64, with what it is linked to from packages that are unpacked and not installed.
arm64: | $(DEPS) $(BUILD)
	$(Q)sysroot=$$(tests/vm/sysroot arm64) && pkgconfig=$$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig && \
		$(MAKE) --no-print-directory BUILD=$(BUILD)/arm64 SYSROOT=$$sysroot \
		CC="aarch64-linux-gnu-gcc --sysroot=$$sysroot" PKG_CONFIG="env PKG_CONFIG_LIBDIR=$$pkgconfig pkg-config" \
		all workloads

# ---- what must be there, and what everything was built with ----

# The goals tell which packages are wanted.
deps:
	$(Q)common/deps.sh install build $(filter arm64 bench lint,$(MAKECMDGOALS)) \
		$(if $(filter check check-% bench lint,$(MAKECMDGOALS)),test) \
		$(if $(filter check-vm,$(MAKECMDGOALS)),vm arm64)

# Changes only if the flags or the programs do, and everything depends on it.
$(STAMP): FORCE | $(DEPS) $(BUILD)
	$(file >$@.new,$(CC) $(CLANG) $(LLVM_STRIP) $(BPFTOOL) $(AR) $(SANITIZE) \
		$(C_FLAGS) $(LD_FLAGS) $(LIBS) $(BPF_FLAGS))
	@if cmp -s $@.new $@; then rm $@.new; else common/deps.sh check build && mv $@.new $@; fi

$(BUILD):
	@mkdir -p $@

# ---- the kernel half ----

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(STAMP)
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< >$@

# ---- the user half ----

$(BUILD)/%.o: %.c $(STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(C_FLAGS) -c $< -o $@

# No list of headers is known before the first compilation.
$(TOOLS:%=$(BUILD)/tools/%.o): $(BUILD)/tools/%.o: $(BUILD)/bpf/%.skel.h

$(BUILD)/libsnoop.a: $(COMMON:%=$(BUILD)/%)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(BINS): $(BUILD)/%: $(BUILD)/tools/%.o $(BUILD)/libsnoop.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_FLAGS) -o $@ $^ $(LIBS)

# ---- tests ----

$(BUILD)/asan/%.o: %.c $(STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN_FLAGS) -c $< -o $@

$(BUILD)/asan/libsnoop.a: $(COMMON:%=$(BUILD)/asan/%)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(UNIT): $(BUILD)/unit/%: $(BUILD)/asan/tests/unit/%.o $(BUILD)/asan/libsnoop.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(filter-out %32 %_static,$(WORKLOADS)) $(BENCH): $(BUILD)/%: tests/%.c $(STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_FLAGS) $(LDFLAGS) -pthread -o $@ $<

# A 32-bit program without a 32-bit libc; elsewhere than on x86-64 there is none.
$(filter %32,$(WORKLOADS)): $(BUILD)/%: tests/%.c $(STAMP)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(if $(filter x86_64-%,$(TARGET)),$(CC) -m32 -O1 -nostdlib -static -ffreestanding -fno-pic \
		-fno-stack-protector -fno-asynchronous-unwind-tables $(WARNINGS) -MMD -MP -o $@ $<,:)

# The same without a loader, and without libc: what costs least to execute.
$(filter %_static,$(WORKLOADS)): $(BUILD)/%_static: tests/%.c $(STAMP)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -nostdlib -static -ffreestanding -fno-pic -fno-stack-protector \
		-fno-asynchronous-unwind-tables $(WARNINGS) -MMD -MP -o $@ $<

workloads: $(WORKLOADS)

test-programs: $(UNIT) $(WORKLOADS) $(BENCH)

check check-unit check-build check-tool check-man: export BUILD := $(BUILD)

# TESTS="tests/tool/x.t ..." runs these alone.
check: all $(UNIT) $(WORKLOADS) | $(DEPS)
	$(Q)tests/run $(TESTS)

check-unit: $(UNIT) | $(DEPS)
	$(Q)tests/run $(BUILD)/unit

check-build check-tool check-man: check-%: all $(WORKLOADS) | $(DEPS)
	$(Q)tests/run tests/$*

# The same in guests of other kernels.
check-vm: all $(WORKLOADS) $(if $(filter amd64,$(ARCHS)),,arm64) | $(DEPS)
	$(Q)BUILD=$(BUILD) ALL=$(ALL) tests/vm/matrix $(ARCHS)

bench: all $(BENCH) $(WORKLOADS) | $(DEPS)
	$(Q)tests/bench/overhead

# For a minute, or FUZZ_SECONDS; with clang's libFuzzer.
$(BUILD)/fuzz/%: tests/fuzz/%.c common/escape.c | $(DEPS)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE= -I. $^ -o $@

fuzz: $(BUILD)/fuzz/fuzz_escape
	$(Q)$< -max_total_time=$(or $(FUZZ_SECONDS),60) -verbosity=0

lint: | $(DEPS)
	$(Q)tests/lint

# ---- install ----

MAN7 := $(wildcard man/snoop-tools.7)
MAN8 := $(wildcard $(TOOLS:%=man/%.8))

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(compdir) $(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man8
	install -m 755 $(BINS) $(DESTDIR)$(sbindir)
	for t in $(TOOLS); do install -m 644 common/completion.bash $(DESTDIR)$(compdir)/$$t || exit; done
	$(if $(MAN7),install -m 644 $(MAN7) $(DESTDIR)$(mandir)/man7)
	$(if $(MAN8),install -m 644 $(MAN8) $(DESTDIR)$(mandir)/man8)

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(sbindir)/%) $(TOOLS:%=$(DESTDIR)$(compdir)/%) \
		$(TOOLS:%=$(DESTDIR)$(mandir)/man8/%.8) $(DESTDIR)$(mandir)/man7/snoop-tools.7

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#: \?//p' $(firstword $(MAKEFILE_LIST))

#: make                 build the commands into build/
#: make deps            install what building needs, as far as it is missing
#: make deps check      the same for the tests, and run them (as root, to see a live kernel)
#: make check TESTS=F   one test file alone; check-unit, check-build, check-tool, check-man
#: make check-vm         the live tests in guests of kernels from 5.10 to the newest (ARCHS=amd64: these alone;
#:                       ALL=1: all that ask something of the kernel, in half an hour)
#: make lint            what a compiler does not say
#: make bench           what a traced event costs, beside other tracers
#: make fuzz            bytes against the escapes, for a minute
#: make arm64            the commands and the workloads for arm64, into build/arm64
#: make install         prefix sbindir mandir datadir DESTDIR; uninstall takes the same
#: make clean
#:
#: STATIC=1             a binary that needs no library
#: WERROR=1             a warning is an error
#: V=1                  show the commands
#: VMLINUX_H=FILE       the kernel's types from a full header, instead of bpf/kernel.h
#: SANITIZE=            unit tests without address,undefined
#: CC CLANG LLVM_STRIP BPFTOOL PKG_CONFIG CPPFLAGS CFLAGS LDFLAGS BPF_CFLAGS SOURCE_DATE_EPOCH as everywhere

.PHONY: all arm64 deps skeletons workloads test-programs check check-unit check-build check-tool check-man check-vm bench fuzz lint
.PHONY: install uninstall clean help FORCE
FORCE:

-include $(wildcard $(addprefix $(BUILD)/,*/*.d asan/*/*.d asan/*/*/*.d))
