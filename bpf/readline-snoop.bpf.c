// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * readline-snoop, the kernel half: lines, as the code that has read them gives
 * them to its program.
 *
 * There is one copy of these programs for each file that has such code, with
 * the addresses of that file as constants.  Where a program was put into memory
 * follows from the instruction that it is stopped at; so its variables can be
 * found, and nothing has to be remembered from one hook to the next.
 */
#include "kernel.h"
#include "readline-snoop.h"
#include "context.bpf.h"
#include "session.bpf.h"

#define WCHAR_SIZE 4
#define ZLCON_LINE_CONT 1 /* Src/zsh.h of zsh */

const volatile struct line_options options = {};
const volatile struct editor editor = {};
volatile struct excess excess = {};

/* Shells whose lines are read by a library. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHELLS_MAX);
	__type(key, u32);
	__type(value, struct editor);
} shells SEC(".maps");

/* The process has just used what is looked at here, so it is in memory. */
static __always_inline u64 user_word(u64 address)
{
	u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

/* Where a variable is, in the current process; 0 if there is none.  `hook` is the function it is in. */
static __always_inline u64 address_of(struct pt_regs *ctx, u64 hook, u32 variable)
{
	u64 address = editor.variables[variable];

	if (!address)
		return 0;
	address += PT_REGS_IP(ctx) - hook;
	return editor.indirect >> variable & 1 ? user_word(address) : address;
}

static __always_inline u64 pointer_in(struct pt_regs *ctx, u64 hook, u32 variable)
{
	u64 address = address_of(ctx, hook, variable);

	return address ? user_word(address) : 0;
}

static __always_inline s32 number_in(struct pt_regs *ctx, u64 hook, u32 variable)
{
	return pointer_in(ctx, hook, variable);
}

/* --- who is at the prompt --- */

static __always_inline bool tty_wanted(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 tty[2] = {};

	if (!options.by_tty)
		return true;
	BPF_CORE_READ_STR_INTO((char(*)[TTY_LEN]) & tty, task, signal, tty, name);
	return tty[0] == *(const volatile u64 *)&options.tty[0] &&
	       tty[1] == *(const volatile u64 *)&options.tty[8];
}

/* `atomics`: see record_take(). */
static __always_inline struct record *line_begin(struct pt_regs *ctx, u32 kind, bool atomics)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct ids ids = current_ids();
	struct record *r;
	struct line *l;

	if (!current_wanted(&ids) || !tty_wanted())
		return NULL;
	r = record_take(sizeof(*l), atomics);
	if (!r)
		return NULL;
	l = (void *)r->bytes;
	__builtin_memset(l, 0, sizeof(*l));
	event_init(&l->event, &ids);
	l->start_time = BPF_CORE_READ(task, group_leader, start_time);
	l->exec_id = BPF_CORE_READ(task, group_leader, self_exec_id);
	l->address = PT_REGS_IP(ctx);
	l->editor = editor.number;
	l->kind = kind;
	return r;
}

/* --- how much there may be of one user: nobody types as fast as a program can --- */

#define SECOND 1000000000ULL /* nanoseconds */
#define BYTE_TIME 500	     /* of them: 2 MB a second, and as much at once */
#define RECORD_BYTES 1000    /* that each record counts for besides its own */

/* Until when each user has used up what there is. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} budgets SEC(".maps");

static __always_inline bool may_have(const struct line *l, u64 bytes)
{
	u64 cost = (bytes + RECORD_BYTES) * BYTE_TIME, first = l->event.time - SECOND, *used;
	u32 uid = l->event.uid;

	used = bpf_map_lookup_elem(&budgets, &uid);
	if (!used) {
		bpf_map_update_elem(&budgets, &uid, &first, BPF_NOEXIST);
		used = bpf_map_lookup_elem(&budgets, &uid);
		if (!used)
			return true;
	}
	if (*used < first)
		*used = first;
	if (*used + cost <= l->event.time) {
		__sync_fetch_and_add(used, cost);
		return true;
	}
	count(excess.lost);
	excess.uid = uid;
	return false;
}

static __always_inline void line_submit(struct record *r, const struct line *l)
{
	if (may_have(l, r->used))
		record_submit(r);
	else
		record_drop(r);
}

/* --- prompts --- */

static __always_inline void record_prompt(struct record *r, struct line *l, u64 prompt)
{
	char *to = record_end(r);
	long len = to ? bpf_probe_read_user_str(to, PROMPT_MAX, (void *)prompt) : 0;

	if (len <= 0)
		return;
	l->notes |= LINE_PROMPTED;
	l->prompt_len = len - 1;
	r->used += len - 1;
}

/* As far as is to be expected of two that differ. */
static __always_inline bool is_same_string(u64 one, u64 other)
{
	u64 a[8] = {}, b[8] = {}, differ = 0;

	bpf_probe_read_user_str(a, sizeof(a), (void *)one);
	bpf_probe_read_user_str(b, sizeof(b), (void *)other);
	for (int i = 0; i < 8; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

/*
 * In bash, who asks: its parser, for the first line of a command or for more of
 * it, while it has no line; or else a command, read -e, while the parser holds
 * the line with that command, or where there never was a prompt, in a script, or
 * with another prompt, where a key has been bound to that command.
 */
static __always_inline void bash_state(struct line *l, u64 shown, const u64 *v)
{
	l->notes |= LINE_SHELL;
	l->status = v[BASH_STATUS];
	if (!v[BASH_PROMPT] || v[BASH_LINE])
		l->notes |= LINE_NESTED;
	else if (l->kind == LINE_PROMPT && v[BASH_SHOWN] && !is_same_string(shown, v[BASH_SHOWN]))
		l->notes |= LINE_NESTED;
	else if (v[BASH_PROMPT] == v[BASH_PS2])
		l->notes |= LINE_CONTINUED;
}

/* The shell whose lines this library reads, as its program has it, and how far from there it is now; NULL: it is no shell. */
static __always_inline const struct editor *find_shell(u64 *distance)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 code = BPF_CORE_READ(task, mm, start_code);
	u64 header[MARKED] = {};
	struct editor *e;

	for (u32 i = 0; i < SHELLS_MAX; i++) {
		u32 key = i;

		e = bpf_map_lookup_elem(&shells, &key);
		if (!e || !e->line.address || (code ^ e->line.address) % 4096)
			continue;
		*distance = code - e->line.address;
		if (!bpf_probe_read_user(header, sizeof(header),
					 (void *)(e->prompt.address + *distance)) &&
		    mark_of(header) == e->mark)
			return e;
	}
	return NULL;
}

static __always_inline void readline_state(struct pt_regs *ctx, struct record *r, struct line *l,
					   u64 hook)
{
	u64 shown = pointer_in(ctx, hook, READLINE_PROMPT), v[EDITOR_VARIABLES] = {}, distance = 0;
	const struct editor *shell = NULL;

	record_prompt(r, l, shown);
	if (!editor.variables[BASH_PROMPT]) {
		shell = find_shell(&distance);
		if (!shell)
			return;
	}
	for (u32 i = BASH_STATUS; i <= BASH_SHOWN; i++)
		v[i] = shell ? user_word(shell->variables[i] + distance) : pointer_in(ctx, hook, i);
	bash_state(l, shown, v);
}

/* zleread(char **lp, char **rp, int flags, int context, ...) */
static __always_inline void zle_state(struct pt_regs *ctx, struct record *r, struct line *l)
{
	s32 why = PT_REGS_PARM4(ctx);

	record_prompt(r, l, user_word(PT_REGS_PARM1(ctx)));
	l->notes |= LINE_SHELL;
	l->status = number_in(ctx, editor.prompt.address, ZSH_STATUS);
	if (why == ZLCON_LINE_CONT)
		l->notes |= LINE_CONTINUED;
	else if (why > ZLCON_LINE_CONT) /* select, vared */
		l->notes |= LINE_NESTED;
}

static __always_inline int prompt_shown(struct pt_regs *ctx, bool atomics)
{
	struct record *r = line_begin(ctx, LINE_PROMPT, atomics);
	struct line *l;

	if (!r)
		return 0;
	l = (void *)r->bytes;
	if (editor.kind == EDITOR_READLINE)
		readline_state(ctx, r, l, editor.prompt.address);
	else if (editor.kind == EDITOR_ZLE)
		zle_state(ctx, r, l);
	else if (editor.kind == EDITOR_LIBEDIT || editor.kind == EDITOR_NARROW)
		record_prompt(r, l, pointer_in(ctx, editor.prompt.address, LIBEDIT_PROMPT));
	else
		record_prompt(r, l, PT_REGS_PARM1(ctx));
	line_submit(r, l);
	return 0;
}

SEC("?uprobe")
int prompt(struct pt_regs *ctx)
{
	return prompt_shown(ctx, true);
}

SEC("?uprobe")
int prompt_old(struct pt_regs *ctx)
{
	return prompt_shown(ctx, false);
}

/* --- lines --- */

#define SMALL_MAX (RECORD_FULL - RECORD_USUAL) /* bytes of text that the scratch has room for */

/* What has been read: a string, or so many wide characters. */
struct text {
	u64 start;
	u64 bytes; /* of wide characters */
};

#define QUAD 4	       /* wide characters: of an aligned string no such piece lies in two pages */
#define QUADS_MAX 1024 /* that are looked at: each is a branch that the verifier keeps in mind */
#define WIDE_MAX (QUADS_MAX * QUAD * WCHAR_SIZE)

/* 1 if it is 0: without a branch, each of which the verifier would follow. */
static __always_inline u32 is_zero(u32 c)
{
	return ((c - 1) & ~c) >> 31;
}

/* Bytes of a string of wide characters, as far as it can be read; in memory, where the verifier does not follow each number that it can be. */
static __always_inline void wide_bytes(u64 start, volatile u32 *bytes)
{
	u32 c[QUAD], i;

	for (i = 0; i < QUADS_MAX; i++) {
		if (bpf_probe_read_user(c, sizeof(c), (void *)(start + i * sizeof(c))))
			break;
		if (is_zero(c[0]) | is_zero(c[1]) | is_zero(c[2]) | is_zero(c[3]))
			break;
	}
	*bytes = i * sizeof(c);
	if (*bytes < WIDE_MAX)
		*bytes += WCHAR_SIZE * (is_zero(c[0])	? 0
					: is_zero(c[1]) ? 1
					: is_zero(c[2]) ? 2
							: 3);
}

/* `most` is a constant: the bytes that there is room for.  Returns those used. */
static __always_inline u64 text_read(struct line *l, char *to, const struct text *t, const u64 most)
{
	u64 len = t->bytes;
	long n;

	l->notes &= ~(LINE_CUT | LINE_UNREADABLE);
	if (l->notes & LINE_WIDE) {
		if (len > most || (editor.kind == EDITOR_LIBEDIT && len == WIDE_MAX))
			l->notes |= LINE_CUT;
		opaque(len);
		if (len > most)
			len = most;
		opaque(len);
		n = bpf_probe_read_user(to, len, (void *)t->start) ? -1 : (long)len;
	} else {
		n = bpf_probe_read_user_str(to, most, (void *)t->start);
		if (n == (long)most)
			l->notes |= LINE_CUT;
		if (n > 0)
			n--;
	}
	if (n < 0)
		l->notes |= LINE_UNREADABLE;
	l->text_len = n < 0 ? 0 : n;
	return l->text_len;
}

/* More text than the scratch has room for: into the ring buffer directly.  False when that has no room for it either. */
static __always_inline bool text_large(const struct record *r, const struct text *t, const u64 most)
{
	u64 head = 0;
	char *to = record_reserve(r, RECORD_FULL + most, &head);

	if (!to)
		return false;
	((struct line *)to)->text_at = head;
	text_read((void *)to, to + head, t, most);
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return true;
}

static __always_inline void text_submit(struct record *r, struct line *l, const struct text *t)
{
	u64 used = r->used, len;
	bool done;

	opaque(used);
	if (used <= RECORD_USUAL) {
		opaque(used);
		l->text_at = used;
		len = text_read(l, r->bytes + used, t, SMALL_MAX);
		if (!(l->notes & LINE_CUT)) {
			r->used = used + len;
			line_submit(r, l);
			return;
		}
	}
	if (!may_have(l, RECORD_FULL + (l->notes & LINE_WIDE ? LINE_MAX * WCHAR_SIZE : LINE_MAX))) {
		record_drop(r);
		return;
	}
	/* A byte more than is shown, for the NUL. */
	if (l->notes & LINE_WIDE)
		done = text_large(r, t, LINE_MAX * WCHAR_SIZE);
	else
		done = text_large(r, t, LINE_MAX + 1);
	if (!done)
		count(channel.lost_ring);
	wake_reader();
	record_drop(r);
}

static __always_inline int line_read(struct pt_regs *ctx, u32 kind, struct text *t, u32 notes,
				     bool loops)
{
	struct record *r = line_begin(ctx, kind, loops);
	struct line *l;

	if (!r)
		return 0;
	l = (void *)r->bytes;
	l->notes = notes;
	if (editor.kind == EDITOR_READLINE)
		readline_state(ctx, r, l, editor.line.address);
	if (want & WANT_SESSION)
		session_of_current(&l->session);
	record_context(ctx, r, &l->event, loops);
	if (editor.kind == EDITOR_LIBEDIT && t->start) {
		wide_bytes(t->start, &l->text_len);
		t->bytes = *(volatile u32 *)&l->text_len;
	}
	if (kind == LINE_READ)
		text_submit(r, l, t);
	else
		line_submit(r, l);
	return 0;
}

/* char *readline_internal_teardown(int eof) */
static __always_inline int readline_entered(struct pt_regs *ctx, bool loops)
{
	struct text t = { .start = pointer_in(ctx, editor.line.address, READLINE_LINE) };

	return line_read(ctx, (u32)PT_REGS_PARM1(ctx) ? LINE_END : LINE_READ, &t, 0, loops);
}

/* freeundo(), which zleread() calls when it has read a line, or nothing, and frees all of it. */
static __always_inline int zle_entered(struct pt_regs *ctx, bool loops)
{
	struct text t = { .start = pointer_in(ctx, editor.line.address, ZLE_LINE) };
	bool done = number_in(ctx, editor.line.address, ZLE_DONE);
	u32 notes = LINE_WIDE | LINE_SHELL;

	if (number_in(ctx, editor.line.address, ZLE_ERROR)) /* interrupted */
		return 0;
	t.bytes = (u64)(u32)number_in(ctx, editor.line.address, ZLE_LENGTH) * WCHAR_SIZE;
	if (!number_in(ctx, editor.line.address, ZLE_FIRST))
		notes |= LINE_CONTINUED;
	return line_read(ctx, done ? LINE_READ : LINE_END, &t, notes, loops);
}

static __always_inline int entered(struct pt_regs *ctx, bool loops)
{
	return editor.kind == EDITOR_ZLE ? zle_entered(ctx, loops) : readline_entered(ctx, loops);
}

SEC("?uprobe")
int line_entered(struct pt_regs *ctx)
{
	return entered(ctx, true);
}

SEC("?uprobe")
int line_entered_old(struct pt_regs *ctx)
{
	return entered(ctx, false);
}

static __always_inline int returned(struct pt_regs *ctx, bool loops)
{
	struct text t = { .start = PT_REGS_RC(ctx) };
	u32 notes = LINE_RETURNED;

	if (editor.kind == EDITOR_LIBEDIT)
		notes |= LINE_WIDE;
	return line_read(ctx, t.start ? LINE_READ : LINE_END, &t, notes, loops);
}

SEC("?uretprobe")
int line_returned(struct pt_regs *ctx)
{
	return returned(ctx, true);
}

SEC("?uretprobe")
int line_returned_old(struct pt_regs *ctx)
{
	return returned(ctx, false);
}
