/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/sysmacros.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <cmocka.h>

#include "common/unwind.h"

#define NOINLINE __attribute__((noinline, used))
#define MAPPINGS_SIZE 65536
#define STACK_SIZE 16384

static struct usyms *usyms;

/* What a record would have, of exactly the bytes that it says. */
struct capture {
	struct user_stack *stack;
	size_t bytes;
};

static struct capture captured;
static uint64_t expected[UNWIND_FRAMES];
static int expected_count;
static volatile int zero;

/* Behind `buf` what bpf/stack.bpf.h has for each mapping with code; returns its bytes. */
static size_t read_maps(char *buf)
{
	char line[PATH_MAX + 200], perms[8], path[PATH_MAX];
	unsigned int major_number, minor_number;
	struct stack_mapping m;
	size_t used = 0;
	FILE *maps = fopen("/proc/self/maps", "r");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		memset(&m, 0, sizeof(m));
		*path = '\0';
		assert_true(sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %4095[^\n]", &m.start,
				   &m.end, perms, &m.offset, &major_number, &minor_number, &m.ino,
				   path) >= 7);
		if (perms[2] != 'x')
			continue;
		m.dev = major_number << 20 | minor_number;
		m.vdso = m.start == getauxval(AT_SYSINFO_EHDR);
		assert_true(used + sizeof(m) + sizeof(path) < MAPPINGS_SIZE);
		if (*path == '/') {
			char *to = buf + used + sizeof(m), *slash;

			while ((slash = strrchr(path, '/'))) {
				to = stpcpy(to, slash + 1) + 1;
				*slash = '\0';
			}
			m.path.len = to - (buf + used + sizeof(m));
			m.path.state = PATH_WHOLE;
		}
		memcpy(buf + used, &m, sizeof(m));
		used += (sizeof(m) + m.path.len + 7) & ~(size_t)7;
	}
	fclose(maps);
	return used;
}

static void make_capture(const uint64_t regs[STACK_REGS], const void *stack, size_t size,
			 const void *mappings, size_t mappings_size)
{
	struct user_stack head = { .bytes = size };

	free(captured.stack);
	memcpy(head.regs, regs, sizeof(head.regs));
	captured.bytes = sizeof(head) + size + mappings_size;
	captured.stack = malloc(captured.bytes);
	assert_non_null(captured.stack);
	memcpy(captured.stack, &head, sizeof(head));
	if (size)
		memcpy(captured.stack + 1, stack, size);
	if (mappings_size)
		memcpy((char *)(captured.stack + 1) + size, mappings, mappings_size);
}

static void read_registers(uint64_t regs[STACK_REGS], const ucontext_t *context)
{
	memset(regs, 0, STACK_REGS * sizeof(*regs));
#if defined(__x86_64__)
	static const int saved[] = { REG_RBP, REG_RBX, REG_R12, REG_R13, REG_R14, REG_R15 };

	regs[STACK_PC] = context->uc_mcontext.gregs[REG_RIP];
	regs[STACK_SP] = context->uc_mcontext.gregs[REG_RSP];
	for (int i = 0; i < 6; i++)
		regs[STACK_SAVED + i] = context->uc_mcontext.gregs[saved[i]];
#else
	regs[STACK_PC] = context->uc_mcontext.pc;
	regs[STACK_SP] = context->uc_mcontext.sp;
	memcpy(regs + STACK_SAVED, context->uc_mcontext.regs + 19, 12 * sizeof(*regs));
#endif
}

static _Unwind_Reason_Code expect(struct _Unwind_Context *context, void *arg)
{
	(void)arg;
	expected[expected_count++] = _Unwind_GetIP(context);
	return expected_count < UNWIND_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Takes the stack of whoever calls it, and what the compiler's own unwinder says of it. */
static NOINLINE int capture(void)
{
	static char mappings[MAPPINGS_SIZE], stack[STACK_SIZE];
	uint64_t regs[STACK_REGS];
	ucontext_t context;
	ssize_t got;
	int fd;

	expected_count = 0;
	_Unwind_Backtrace(expect, NULL);
	/* It ends with a frame for whoever called the outermost function: nobody. */
	if (expected_count && !expected[expected_count - 1])
		expected_count--;
	getcontext(&context);
	read_registers(regs, &context);
	/* Not memcpy(3): between the variables of other functions the address sanitizer has its traps. */
	fd = open("/proc/self/mem", O_RDONLY);
	assert_true(fd >= 0);
	got = pread(fd, stack, sizeof(stack), (off_t)regs[STACK_SP]);
	close(fd);
	assert_true(got > 0);
	make_capture(regs, stack, got & ~7, mappings, read_maps(mappings));
	return zero;
}

static NOINLINE int inner(void)
{
	return capture() + 1;
}

static NOINLINE int middle(int size)
{
	char room[size];

	memset(room, 0, size);
	__asm__ volatile("" : : "r"(room) : "memory");
	return inner() + room[0] + 1;
}

static int compare(const void *a, const void *b)
{
	(void)a;
	(void)b;
	return expected_count ? 0 : middle(300) * zero;
}

static void handler(int sig)
{
	(void)sig;
	middle(100);
}

static void *thread(void *arg)
{
	(void)arg;
	middle(200);
	return NULL;
}

/* The first frame is in capture() itself, but not at the same call. */
static void assert_expected(void)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	bool whole;
	size_t count = unwind(usyms, captured.stack, captured.bytes, frames, &whole);

	assert_true(whole);
	assert_int_equal(count, expected_count);
	assert_true(count > 4);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(frames[i].pc, expected[i]);
}

static void test_calls(void **state)
{
	(void)state;
	expected_count = 0;
	assert_int_equal(middle(1000), 2);
	assert_expected();
}

static void test_through_a_library(void **state)
{
	int numbers[] = { 2, 1 };

	(void)state;
	expected_count = 0;
	qsort(numbers, 2, sizeof(*numbers), compare);
	assert_expected();
}

static void test_signal(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	size_t exact = 0, count;
	bool whole;

	(void)state;
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	assert_expected();
	count = unwind(usyms, captured.stack, captured.bytes, frames, &whole);
	/* Who was interrupted did not call. */
	for (size_t i = 0; i < count; i++)
		exact += !frames[i].returns;
	assert_int_equal(exact, 2);
}

static void test_thread(void **state)
{
	pthread_t id;

	(void)state;
	assert_int_equal(pthread_create(&id, NULL, thread, NULL), 0);
	pthread_join(id, NULL);
	assert_expected();
}

/* Every length that the stack might have been cut to gives the same frames, as far as they go. */
static void test_cut(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES], some[UNWIND_FRAMES];
	struct user_stack *stack;
	const char *mappings;
	size_t count, n, all, mappings_size;
	bool whole;

	(void)state;
	middle(100);
	stack = captured.stack;
	captured.stack = NULL;
	all = stack->bytes;
	mappings = (char *)(stack + 1) + all;
	mappings_size = captured.bytes - sizeof(*stack) - all;
	count = unwind(usyms, stack, captured.bytes, frames, &whole);
	assert_true(whole);
	for (size_t size = 0; size < 1024; size += 8) {
		make_capture((const uint64_t *)stack->regs, stack + 1, size, mappings,
			     mappings_size);
		n = unwind(usyms, captured.stack, captured.bytes, some, &whole);
		assert_false(whole);
		assert_in_range(n, 1, count - 1);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(some[i].pc, frames[i].pc);
	}
	free(stack);
}

/* SAN_FLAGS have frame pointers; main()'s caller has not. */
static void test_frame_pointers(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	bool whole;

	(void)state;
	middle(100);
	assert_true(unwind(NULL, captured.stack, captured.bytes, frames, &whole) >= 4);
	for (int i = 1; i < 4; i++)
		assert_int_equal(frames[i].pc, expected[i]);
}

static void test_unknown_mappings(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	bool whole;

	(void)state;
	middle(100);
	assert_int_equal(unwind(usyms, captured.stack,
				sizeof(*captured.stack) + captured.stack->bytes, frames, &whole),
			 1);
	assert_false(whole);
	assert_null(frames[0].mapping);
	assert_int_equal(unwind(usyms, captured.stack, sizeof(*captured.stack) - 1, frames, &whole),
			 0);
	assert_false(whole);
}

/* At the first instruction of a function; the words are what is on the stack. */
static size_t unwind_at(uint64_t pc, uint64_t caller, const uint64_t *words, size_t size,
			struct unwind_frame frames[UNWIND_FRAMES])
{
	static char mappings[MAPPINGS_SIZE];
	uint64_t regs[STACK_REGS] = { [STACK_PC] = pc, [STACK_SP] = 0x7000 };
	bool whole;

	regs[STACK_REGS - 1] = caller; /* arm64: the link register */
	make_capture(regs, words, size, mappings, read_maps(mappings));
	return unwind(usyms, captured.stack, captured.bytes, frames, &whole);
}

static void test_no_user_space(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	bool whole;

	(void)state;
	assert_int_equal(unwind_at(0, 0, NULL, 0, frames), 0);
	unwind(usyms, captured.stack, captured.bytes, frames, &whole);
	assert_true(whole);
}

static void test_vdso(void **state)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	uint64_t caller = (uintptr_t)&middle + 4;
	struct unwind_frame frames[UNWIND_FRAMES];
	void *function = NULL;

	(void)state;
	if (vdso)
		function = dlsym(vdso, "__vdso_clock_gettime");
	if (vdso && !function)
		function = dlsym(vdso, "__kernel_clock_gettime");
	if (!function)
		skip();
	assert_true(unwind_at((uintptr_t)function, caller, &caller, sizeof(caller), frames) >= 2);
	assert_true(frames[0].mapping->vdso);
	assert_int_equal(frames[1].pc, caller);
	dlclose(vdso);
}

#if defined(__x86_64__)
/* Where this program's procedure linkage table is; 0 if it has none. */
static uint64_t find_plt(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *scn = NULL;
	uint64_t plt = 0;
	GElf_Shdr sh;
	size_t names;
	Dl_info info;

	assert_non_null(elf);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	assert_true(dladdr((void *)(uintptr_t)&middle, &info));
	while ((scn = elf_nextscn(elf, scn))) {
		assert_non_null(gelf_getshdr(scn, &sh));
		if (!strcmp(elf_strptr(elf, names, sh.sh_name), ".plt") && sh.sh_size >= 32)
			plt = (uintptr_t)info.dli_fbase + sh.sh_addr;
	}
	elf_end(elf);
	close(fd);
	return plt;
}

/* An entry jumps, pushes a number and jumps again: linkers describe that by an expression. */
static void test_plt(void **state)
{
	uint64_t words[] = { (uintptr_t)&middle + 4, (uintptr_t)&inner + 4 }, plt = find_plt();
	struct unwind_frame frames[UNWIND_FRAMES];

	(void)state;
	if (!plt)
		skip();
	for (int at = 0; at < 16; at++) {
		assert_true(unwind_at(plt + 16 + at, 0, words, sizeof(words), frames) >= 2);
		assert_int_equal(frames[1].pc, words[at >= 11]);
	}
}
#endif

/* Registers and stack are the program's, so hostile: whatever they are it ends, and reads nothing beyond. */
static void test_garbage(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	struct user_stack *stack;
	bool whole;

	(void)state;
	srandom(1);
	for (int i = 0; i < 3000; i++) {
		if (i % 100 == 0)
			middle(100);
		stack = captured.stack;
		for (int k = 0; k < 4; k++) {
			char *bytes = (char *)stack + offsetof(struct user_stack, regs);
			size_t size = sizeof(stack->regs) + stack->bytes;

			if (k < 2)
				bytes[random() % size] ^= 1 << random() % 8;
			else
				((uint64_t *)bytes)[random() % 200] =
					stack->regs[STACK_SP] + random() % 2048 * 8;
		}
		stack->compat = i % 7 == 0;
		assert_true(unwind(usyms, stack, captured.bytes, frames, &whole) <= UNWIND_FRAMES);
	}
}

/* A frame pointer that leads back to itself. */
static void test_circle(void **state)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	uint64_t words[64];
	bool whole;

	(void)state;
	for (int i = 0; i < 64; i += 2) {
		words[i] = 0x7000;
		words[i + 1] = (uintptr_t)&middle + 4;
	}
	unwind_at((uintptr_t)&middle, 0, words, sizeof(words), frames);
	captured.stack->regs[STACK_SAVED] = 0x7000;
	captured.stack->regs[STACK_REGS - 2] = 0x7000;
	assert_true(unwind(NULL, captured.stack, captured.bytes, frames, &whole) < 4);
	assert_false(whole);
}

#if defined(__x86_64__)
/* A 32-bit program: by frame pointers, in words of its own size, until the outermost return address, 0. */
static void test_compat(void **state)
{
	const struct stack_mapping code = { .start = 0x1000, .end = 0x2000 };
	const uint32_t words[] = { 0, 0, 0x7010, 0x1200, 0x7018, 0x1300, 0, 0 };
	uint64_t regs[STACK_REGS] = {
		[STACK_PC] = 0x1100, [STACK_SP] = 0x7000, [STACK_SAVED] = 0x7008
	};
	struct unwind_frame frames[UNWIND_FRAMES];
	bool whole;

	(void)state;
	make_capture(regs, words, sizeof(words), &code, sizeof(code));
	captured.stack->compat = 1;
	assert_int_equal(unwind(usyms, captured.stack, captured.bytes, frames, &whole), 3);
	assert_true(whole);
	assert_int_equal(frames[1].pc, 0x1200);
	assert_int_equal(frames[2].pc, 0x1300);
}
#endif

/* The frame lies across the end of what was taken, and nothing is behind it. */
static void test_end(void **state)
{
	uint64_t regs[STACK_REGS] = {
		[STACK_PC] = 0x1100, [STACK_SP] = 0x7000, [STACK_SAVED] = 0x7008
	};
	const uint64_t words[] = { 0, 0x7000 };
	struct unwind_frame frames[UNWIND_FRAMES];
	bool whole;

	(void)state;
	regs[STACK_REGS - 2] = 0x7008;
	make_capture(regs, words, sizeof(words), NULL, 0);
	assert_int_equal(unwind(NULL, captured.stack, captured.bytes, frames, &whole), 1);
	assert_false(whole);
}

static int setup(void **state)
{
	(void)state;
	usyms = usyms__new();
	return !usyms;
}

static int teardown(void **state)
{
	(void)state;
	usyms__free(usyms);
	free(captured.stack);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_through_a_library),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_thread),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_frame_pointers),
		cmocka_unit_test(test_unknown_mappings),
		cmocka_unit_test(test_no_user_space),
		cmocka_unit_test(test_vdso),
#if defined(__x86_64__)
		cmocka_unit_test(test_plt),
		cmocka_unit_test(test_compat),
#endif
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
