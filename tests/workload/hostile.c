/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hostile DIR: create files with names that were chosen to do harm to a
 * terminal, a parser or a table, and open names that do not exist but could.
 * Half-way it takes a hostile name itself.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include "say.h"

static const char *const names[] = {
	"new\nline",
	"tab\tand\rreturn",
	"row\n4242 root 3 0 /etc/shadow",
	"esc\033[31mred\033[0m\033]0;title\007",
	"backspace\b\b\b\v\f\a",
	"del\177del",
	"c1-utf8\302\233"
	"31m\302\205",
	"c1-raw\233"
	"31m\205",
	"bidi\342\200\256txt.exe\342\201\246x\342\201\251\330\234",
	"zero\342\200\213width\342\200\215\357\273\277\342\201\240",
	"sep\342\200\250line\342\200\251para",
	"invalid\377\376\xc0\xaf",
	"overlong\340\200\257\300\200",
	"surrogate\355\240\200\355\277\277",
	"beyond\364\220\200\200\367\277\277\277",
	"cut-sequence\342\202",
	"continuation\200\277alone",
	"noncharacter\357\277\276\357\277\277",
	"tags\363\240\200\201\363\240\201\277",
	"backslash\\n\\033\\",
	"quotes\"'`$(reboot)${HOME};|&<>*?[!",
	" leading and trailing ",
	"two  spaces",
	"-rf",
	"%s%n%d",
	"\303\244\303\266\303\274 \342\202\254 \360\237\230\200 e\314\201 \346\274\242\345\255\227",
	"u escapes \\u001b \\x1b",
	"(unreadable)",
	"?",
	"null",
	"\001\002\003\004\005\006\016\017\020\037",
};

int main(int argc, char **argv)
{
	char longest[256];
	size_t i;

	if (argc != 2 || chdir(argv[1])) {
		fprintf(stderr, "usage: hostile DIR\n");
		return 99;
	}
	say_begin();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int flags = i % 3 == 2 ? O_RDONLY : O_RDWR | O_CREAT;
		int fd;

		if (i == sizeof(names) / sizeof(names[0]) / 2)
			prctl(PR_SET_NAME, "\033[2J\n\"\\\377\302\233");
		fd = say("openat", names[i],
			 (int)syscall(SYS_openat, AT_FDCWD, names[i], flags, 0600));
		if (fd >= 0)
			close(fd);
	}
	/* every byte that a name can have, in one name and alone */
	for (i = 1; i < 256; i++)
		longest[i - 1] = (char)(i == '/' ? '.' : i);
	longest[255] = '\0';
	say("openat", longest, (int)syscall(SYS_openat, AT_FDCWD, longest, O_RDWR | O_CREAT, 0600));
	for (i = 1; i < 256; i++) {
		longest[0] = (char)i;
		longest[1] = '\0';
		say("openat", longest, (int)syscall(SYS_openat, AT_FDCWD, longest, O_WRONLY));
	}
	say("openat", "", (int)syscall(SYS_openat, AT_FDCWD, "", O_RDONLY));
	return 0;
}
