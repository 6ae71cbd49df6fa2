/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calls32: what calls.c does, in brief, as a 32-bit program and with no libc
 * (none is needed to build it). Takes the directory to work in.
 */
#define NR_exit 1
#define NR_write 4
#define NR_open 5
#define NR_creat 8
#define NR_chdir 12
#define NR_openat 295
#define NR_name_to_handle_at 341
#define NR_open_by_handle_at 342
#define NR_openat2 437

#define O_WRONLY 1
#define O_CREAT 0100
#define O_DIRECTORY 0200000
#define AT_FDCWD (-100)

static long call(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return ret;
}

static char *put(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *put_number(char *to, long n)
{
	char digits[12];
	int i = 0;

	if (n < 0) {
		*to++ = '-';
		n = -n;
	}
	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		*to++ = digits[--i];
	return to;
}

/* As say() of say.h; the names here need no escapes. */
static long say(const char *name, const char *path, long ret)
{
	char line[512], *p = put(line, name);

	*p++ = ' ';
	p = put_number(p, ret < 0 ? -1 : ret);
	*p++ = ' ';
	p = put_number(p, ret < 0 ? -ret : 0);
	*p++ = ' ';
	p = put(p, path);
	*p++ = '\n';
	call(NR_write, 1, (long)line, p - line, 0, 0);
	return ret;
}

#define OPEN(path, flags, mode) say("open", path, call(NR_open, (long)(path), flags, mode, 0, 0))
#define OPENAT(dir, path, flags, mode) \
	say("openat", path, call(NR_openat, dir, (long)(path), flags, mode, 0))

static int run(char **argv)
{
	struct {
		unsigned long long flags, mode, resolve;
	} how = { 0, 0, 0 };
	/* static: on the stack it would be cleared by memset(), which is not here */
	static struct {
		unsigned int bytes;
		int type;
		unsigned char room[128];
	} handle;
	char full[300], *p;
	long dir;
	int id;

	if (!argv[1] || call(NR_chdir, (long)argv[1], 0, 0, 0, 0))
		return 99;
	handle.bytes = sizeof(handle.room);
	dir = OPENAT(AT_FDCWD, ".", O_DIRECTORY, 0);
	say("creat", "file32", call(NR_creat, (long)"file32", 0640, 0, 0, 0));
	OPEN("file32", 0, 0);
	OPEN("missing32", 0, 0);
	OPEN("file32/below", 0, 0);
	OPENAT(dir, "new32", O_CREAT | O_WRONLY, 0600);
	OPENAT(dir, "missing32", 0, 0);
	OPENAT(7777, "relative32", 0, 0);
	say("openat2", "file32",
	    call(NR_openat2, AT_FDCWD, (long)"file32", (long)&how, sizeof(how), 0));
	how.resolve = 8; /* RESOLVE_BENEATH */
	say("openat2", "../up32",
	    call(NR_openat2, dir, (long)"../up32", (long)&how, sizeof(how), 0));
	say("openat", "\\?", call(NR_openat, AT_FDCWD, 1, 0, 0, 0));
	if (!call(NR_name_to_handle_at, AT_FDCWD, (long)"file32", (long)&handle, (long)&id, 0)) {
		p = put(full, argv[1]);
		p = put(p, "/file32");
		*p = '\0';
		say("open_by_handle_at", full,
		    call(NR_open_by_handle_at, dir, (long)&handle, 0, 0, 0));
	}
	say("open_by_handle_at", "\\?", call(NR_open_by_handle_at, 7777, (long)&handle, 0, 0, 0));
	return 0;
}

void start(long *sp);

/* The kernel leaves argc, argv and the environment at the stack pointer. */
__attribute__((used)) void start(long *sp)
{
	call(NR_exit, run((char **)(sp + 1)), 0, 0, 0, 0);
	__builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall start\n");
