/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/ksyms.h"

static struct ksyms *load_text(const char *text)
{
	char path[] = "/tmp/test_ksyms.XXXXXX";
	int fd = mkstemp(path);
	struct ksyms *ksyms;
	int err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	ksyms = ksyms__load(path);
	err = errno;
	close(fd);
	unlink(path);
	errno = err;
	return ksyms;
}

static void assert_symbol(const struct ksyms *ksyms, uint64_t addr, const char *wanted,
			  uint64_t wanted_offset)
{
	uint64_t offset = UINT64_MAX;
	const char *name = ksyms__find(ksyms, addr, &offset);

	assert_non_null(name);
	assert_string_equal(name, wanted);
	assert_int_equal(offset, wanted_offset);
}

static void finds(void **state)
{
	uint64_t offset;
	struct ksyms *ksyms;

	(void)state;
	/* Modules are not in order, and have a name. */
	ksyms = load_text("0000000000000000 A fixed_percpu_data\n"
			  "ffffffff81000000 T first\n"
			  "ffffffff81000040 t second\n"
			  "ffffffff81000040 T also_second\n"
			  "ffffffff81000080 W __weak_one\n"
			  "ffffffff81000080 W weak_one\n"
			  "ffffffff81000100 D data\n"
			  "ffffffffc0002000 t late\t[mod]\n"
			  "ffffffffc0001000 t early\t[mod]\n");
	assert_non_null(ksyms);
	assert_symbol(ksyms, 0xffffffff81000000, "first", 0);
	assert_symbol(ksyms, 0xffffffff8100003f, "first", 0x3f);
	assert_symbol(ksyms, 0xffffffff81000050, "second", 0x10);
	assert_symbol(ksyms, 0xffffffff81000081, "weak_one", 1);
	assert_symbol(ksyms, 0xffffffffc0001fff, "early [mod]", 0xfff);
	assert_symbol(ksyms, 0xffffffffc0002001, "late [mod]", 1);

	assert_null(ksyms__find(ksyms, 0, &offset));
	assert_null(ksyms__find(ksyms, 0xffffffff80ffffff, &offset));
	/* in data, and far behind the last function */
	assert_null(ksyms__find(ksyms, 0xffffffff81000100, &offset));
	assert_null(ksyms__find(ksyms, UINT64_MAX, &offset));
	ksyms__free(ksyms);
}

static void refuses(void **state)
{
	(void)state;
	assert_null(load_text("0000000000000000 T first\n0000000000000000 t second\n"));
	assert_int_equal(errno, EPERM);
	assert_null(load_text("ffffffff81000000 D data\n"));
	assert_int_equal(errno, ENOENT);
	assert_null(load_text(""));
	assert_int_equal(errno, ENOENT);
	assert_null(load_text("no symbols\n\n12\n12 T\nx T f\n"));
	assert_int_equal(errno, ENOENT);
	assert_null(ksyms__load("/nowhere/kallsyms"));
	assert_int_equal(errno, ENOENT);
	assert_null(ksyms__load("/"));
	assert_int_equal(errno, EISDIR);
	ksyms__free(NULL);
}

/* Each function of the running kernel is found at its address; those of modules and of BPF programs
 * come and go meanwhile. */
static void running_kernel(void **state)
{
	struct ksyms *ksyms = ksyms__load(NULL);
	char line[512], name[256], type;
	unsigned long long addr;
	uint64_t offset;
	size_t n = 0;
	FILE *file;

	(void)state;
	if (!ksyms && (errno == EPERM || errno == ENOENT))
		skip(); /* hidden, or a kernel without CONFIG_KALLSYMS */
	assert_non_null(ksyms);
	file = fopen("/proc/kallsyms", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (strchr(line, '[') || sscanf(line, "%llx %c %255s", &addr, &type, name) != 3 ||
		    !strchr("tT", type))
			continue;
		assert_non_null(ksyms__find(ksyms, addr, &offset));
		assert_int_equal(offset, 0);
		if (!strcmp(name, "vfs_read")) {
			assert_symbol(ksyms, addr + 4, "vfs_read", 4);
			n++;
		}
	}
	fclose(file);
	assert_int_equal(n, 1);
	ksyms__free(ksyms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(refuses),
		cmocka_unit_test(running_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
