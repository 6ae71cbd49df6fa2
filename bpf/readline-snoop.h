/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two halves of readline-snoop share: where a file keeps its lines, options and the record. */
#ifndef BPF_READLINE_SNOOP_H
#define BPF_READLINE_SNOOP_H

#include "common/event.h"
#include "bpf/context.h"
#include "bpf/session.h"

#define LINE_MAX (64 << 10) /* bytes of a line that are shown */
#define PROMPT_MAX 512	    /* bytes of a prompt, with its NUL */
#define EDITOR_VARIABLES 7
#define SHELLS_MAX 16

/* Which code reads lines, and so where a line is found when it has been read. */
enum editor_kind {
	EDITOR_NONE,
	EDITOR_READLINE, /* GNU readline, and in it bash */
	EDITOR_ZLE,	 /* the line editor of zsh */
	EDITOR_LIBEDIT, /* el_wgets() of libedit, which el_gets() and readline() of it call as well */
	EDITOR_NARROW,	 /* el_gets(), where there is no other */
	EDITOR_FUNCTION, /* a function that returns a line, and takes a prompt */
	EDITOR_SHELL, /* none: a shell whose lines are read by a library, and which has the rest of the variables */
};

/* Variables of an editor, by their places in struct editor. */
enum { READLINE_LINE, READLINE_PROMPT, BASH_STATUS, BASH_LINE, BASH_PROMPT, BASH_PS2, BASH_SHOWN };
enum { ZLE_LINE, ZLE_LENGTH, ZLE_DONE, ZLE_ERROR, ZLE_FIRST, ZSH_STATUS };
enum { LIBEDIT_PROMPT };

struct editor_hook {
	__u64 address; /* of a function, in the file as it is linked; 0: there is none */
	__u64 offset;  /* the same, in bytes of the file */
};

/* The code of one file, by its addresses in that. */
struct editor {
	__u32 kind;
	__u32 number;		   /* of the file, in the order in which they were found */
	struct editor_hook prompt; /* entered when a prompt is shown */
	struct editor_hook line;   /* entered, or left, when a line has been read */
				   /* EDITOR_SHELL: where its headers are, and its code begins */
	__u64 variables[EDITOR_VARIABLES]; /* 0: it has no such thing */
	__u32 indirect; /* bits: not the variable but a pointer to it, in the global offset table */
	__u32 pad;
	__u64 mark; /* EDITOR_SHELL: mark_of() what its file begins with */
};

#define MARKED \
	8 /* words of 8 bytes: the header of an ELF file, which says where things are in it */

/* Another file has another one, if nobody has done it on purpose. */
static inline __attribute__((always_inline)) __u64 mark_of(const __u64 header[MARKED])
{
	__u64 mark = 0;

	for (int i = 0; i < MARKED; i++)
		mark = (mark ^ header[i]) * 0x9E3779B97F4A7C15ULL;
	return mark;
}

struct line_options {
	__u8 by_tty;
	__u8 pad[7];
	char tty[TTY_LEN] __attribute__((aligned(8))); /* as the kernel names it */
};

/* What the record is to bring. */
#define WANT_SESSION WANT_OWN

enum line_kind {
	LINE_PROMPT, /* a prompt is shown: what was to be done before is done */
	LINE_READ,
	LINE_END /* of the input */
};

#define LINE_CUT 1	  /* note: longer than what is shown */
#define LINE_UNREADABLE 2 /* note */
#define LINE_CONTINUED 4  /* a part of a command that was not complete */
#define LINE_NESTED 8	  /* not for the shell itself but for one of its commands, as read -e */
#define LINE_SHELL 16	  /* of a shell: it is known which of these it is, and the status */
#define LINE_WIDE 32	  /* the text is in wchar_t, as zsh has it */
#define LINE_PROMPTED 64  /* the prompt is known */
#define LINE_RETURNED 128 /* as a function returns it: with its newline, perhaps */

struct line {
	struct event event;
	__u64 start_time; /* of the process: with its number and exec_id, what no other program has */
	__u64 exec_id;
	__u64 address; /* of the code that has read the line */
	__u32 editor;
	__s32 status; /* of the command before a prompt, if LINE_SHELL */
	__u8 kind;    /* enum line_kind */
	__u8 notes;   /* LINE_CUT, ... */
	__u8 pad[2];
	__u32 prompt_len;	 /* bytes, right behind this */
	__u32 text_at, text_len; /* bytes */
	struct session session;
};

#endif
