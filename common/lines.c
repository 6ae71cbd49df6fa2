// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/lines.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/context.h"
#include "common/order.h"
#include "common/session.h"
#include "common/tool.h"

struct lines lines;

#define SECOND 1000000000ULL /* nanoseconds */

/*
 * A shell that wants more of a command says so at once, by its next prompt; one
 * that has got all of it may take any time.  So long a line waits for that.
 */
#define PROMPT_PATIENCE (SECOND / 20)

/* So soon the same line comes again from the same file under another name. */
#define AGAIN (SECOND / 50)

#define COMMAND_MAX (1 << 20) /* bytes of a command that are put together */
#define HELD_MAX (16 << 20)   /* bytes of all commands that wait */

/* A prompt; text NULL: not known. */
struct prompt {
	char *text;
	size_t len;
};

/* Of what is being shown. */
static struct {
	bool ended; /* these are known */
	bool has_status;
	int32_t status;
	uint64_t duration; /* nanoseconds */
	bool unfinished;   /* there is more of the command, or was to be */
	const struct prompt *prompt;
} shown;

/* --- columns --- */

static const struct session *session_of(const void *record)
{
	return &((const struct line *)record)->session;
}

static void get_tty(const void *record, struct cell *c)
{
	session_get_tty(session_of(record), c);
}

static void get_loginuid(const void *record, struct cell *c)
{
	session_get_loginuid(session_of(record), c);
}

static void get_prompt(const void *record, struct cell *c)
{
	(void)record;
	if (shown.prompt->text)
		cell_text(c, shown.prompt->text, shown.prompt->len);
	else
		cell_unknown(c);
}

static void get_exit(const void *record, struct cell *c)
{
	(void)record;
	if (shown.has_status)
		cell_number(c, shown.status);
}

static void print_dur(const void *record, struct output *o)
{
	(void)record;
	if (shown.ended)
		output_format(o, o->json ? "%.6f" : "%.3f", shown.duration / 1e9);
	else
		output_put(o, o->json ? "null" : "-");
}

static void get_command(const void *record, struct cell *c)
{
	const struct line *l = record;

	if (l->kind == LINE_END)
		return;
	if (l->notes & LINE_UNREADABLE)
		cell_unknown(c);
	else
		cell_text(c, (const char *)l + l->text_at, l->text_len);
}

static void get_note(const void *record, struct cell *c)
{
	static const char *const words[] = { "(cut)", "(unreadable)", "(read)", "(unfinished)",
					     "(eof)" };
	const struct line *l = record;
	uint32_t bits = l->notes & (LINE_CUT | LINE_UNREADABLE);

	if (l->notes & LINE_NESTED)
		bits |= 4;
	if (shown.unfinished)
		bits |= 8;
	if (l->kind == LINE_END)
		bits |= 16;
	cell_words(c, words, bits);
}

static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	COLUMNS_USER,
	COLUMN_LOGINUID(get_loginuid, WANT_SESSION),
	COLUMN_TTY(get_tty, WANT_SESSION),
	COLUMNS_IDS,
	COLUMN_COMM_OF("name of the program"),
	COLUMNS_GROUPS,
	COLUMN_EXE,
	COLUMN_CWD,
	{ .name = "PROMPT",
	  .help = "prompt that the line was read at",
	  .width = -20,
	  .get = get_prompt },
	{ .name = "EXIT",
	  .help = "with --exit: exit status of the command",
	  .width = 4,
	  .get = get_exit },
	{ .name = "DUR",
	  .help = "with --exit: seconds until the next prompt",
	  .width = 8,
	  .print = print_dur },
	{ .name = "COMMAND", .help = "what was typed", .get = get_command },
	{ .name = "NOTE",
	  .help = "what else there is to say, behind the row",
	  .get = get_note,
	  .note = true },
	{},
};

struct table lines_table = { .columns = columns };

/* --- prompts --- */

/* Bytes of an escape sequence that sets a colour or the like, "ESC [ ... m"; 0: it is none. */
static size_t escape_len(const char *text, size_t len)
{
	size_t n = 2;

	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < len && (text[n] < '@' || text[n] > '~'))
		n++;
	return n < len ? n + 1 : 0;
}

/* The prompt as it is seen, without what only steers the terminal.  Returns its bytes. */
static size_t visible(char *to, const char *prompt, size_t len)
{
	size_t n = 0, skip;

	for (size_t at = 0; at < len; at += skip ?: 1) {
		skip = escape_len(prompt + at, len - at);
		if (!skip && prompt[at] != '\001' && prompt[at] != '\002')
			to[n++] = prompt[at];
	}
	return n;
}

static bool looks_secret(const char *prompt, size_t len)
{
	/*
	 * As parts of words, and as words.  Only ASCII is compared without regard to
	 * case, so of others what may be a capital letter is left out or stands twice.
	 */
	static const char *const parts[] = {
		"passw",	 "passphr",	"passcod",	"passkey",
		"secret",	 "token",	"credential",	"verification code",
		"security code", "kennwort",	"mot de passe", "contrase",
		"palavra-passe", "senha",	"wachtwoord",	"lösenord",
		"passord",	 "adgangskode", "salasana",	"hasło",
		"heslo",	 "jelszó",	"parola",	"şifre",
		"Şifre",	 "ароль",	"密码",		"密碼",
		"パスワード",	 "비밀번호",	"암호",
	};
	static const char *const words[] = { "pin", "otp", "key", "pass", "clave" };
	size_t n;

	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
			n = strlen(parts[i]);
			if (n <= len - at && !strncasecmp(prompt + at, parts[i], n))
				return true;
		}
		if (at && isalnum((unsigned char)prompt[at - 1]))
			continue;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			n = strlen(words[i]);
			if (n <= len - at && !strncasecmp(prompt + at, words[i], n) &&
			    (n == len - at || !isalnum((unsigned char)prompt[at + n])))
				return true;
		}
	}
	return false;
}

bool lines_is_secret(const char *prompt, size_t len)
{
	char text[PROMPT_MAX];

	/* Of one that is cut nobody knows how it ends. */
	if (len >= sizeof(text) - 1)
		return true;
	return looks_secret(text, visible(text, prompt, len));
}

bool lines_is_continued(const char *prompt, size_t len)
{
	while (len && *prompt == ' ') {
		prompt++;
		len--;
	}
	return len >= 3 && !memcmp(prompt, "...", 3);
}

/* psql has "db=# ", and for more "db-# ", or what it misses: a quote, a bracket, the end of a comment. */
bool lines_is_more_of(const char *first, const char *prompt, size_t len)
{
	size_t at = 0;

	while (at < len && first[at] == prompt[at])
		at++;
	return at < len && first[at] == '=' && strchr("-*'\"$(", prompt[at]) && prompt[at] &&
	       !memcmp(first + at + 1, prompt + at + 1, len - at - 1);
}

/* What zsh makes of bytes from 0x80 on that are no character: ZSH_INVALID_WCHAR_BASE in its Src/zsh.h, and the byte. */
#define INVALID_FIRST 0xdc80
#define INVALID_LAST 0xdcff
#define CHARACTER_LAST 0x10ffff

size_t lines_narrow(char *to, const char *wide, size_t count)
{
	char *start = to;
	uint32_t c;

	for (; count; count--, wide += sizeof(c)) {
		memcpy(&c, wide, sizeof(c));
		if (c < 0x80) {
			*to++ = c;
		} else if (c >= INVALID_FIRST && c <= INVALID_LAST) {
			*to++ = c - INVALID_FIRST + 0x80;
		} else if (c < 0x800) {
			*to++ = 0xc0 | c >> 6;
			*to++ = 0x80 | (c & 0x3f);
		} else if (c < 0x10000) {
			*to++ = 0xe0 | c >> 12;
			*to++ = 0x80 | (c >> 6 & 0x3f);
			*to++ = 0x80 | (c & 0x3f);
		} else if (c > CHARACTER_LAST) {
			*to++ = '?'; /* as zsh itself does */
		} else {
			*to++ = 0xf0 | c >> 18;
			*to++ = 0x80 | (c >> 12 & 0x3f);
			*to++ = 0x80 | (c >> 6 & 0x3f);
			*to++ = 0x80 | (c & 0x3f);
		}
	}
	return to - start;
}

/* --- what each process is doing --- */

struct shell {
	struct shell *next;		   /* with the same hash */
	struct shell *waits_next, **waits; /* its place among those that wait; NULL: it does not */
	uint32_t pid;
	uint64_t start_time, exec_id;
	/* The code that has read the last line, and the file that it was said to be in. */
	uint64_t address;
	uint32_t editor;
	uint64_t read; /* when */

	bool prompted; /* no line has been read at the prompt yet */
	uint8_t notes; /* of the prompt: LINE_CONTINUED, LINE_NESTED */
	struct prompt prompt;
	/* The prompt of the shell itself, while a command that is bound to a key has one. */
	bool interrupted;
	uint8_t outer_notes;
	struct prompt outer;

	struct line *held;   /* a command, or what there is of it so far */
	struct prompt first; /* that of its first line */
	bool incomplete;     /* there has been a prompt for more of it, and no line since */
	uint64_t since;	     /* when its last line was read */
};

#define SHELLS_HASH 4096
#define USERS_HASH 4096

static struct shell *shells[SHELLS_HASH];
/* With a line that is shown if nothing follows it: in the order of when they were read. */
static struct shell *waiting, **waiting_end = &waiting;
static size_t held_bytes, held_by[USERS_HASH];

static void stop_waiting(struct shell *s)
{
	if (!s->waits)
		return;
	*s->waits = s->waits_next;
	if (s->waits_next)
		s->waits_next->waits = s->waits;
	else
		waiting_end = s->waits;
	s->waits = NULL;
}

static void begin_waiting(struct shell *s, uint64_t since)
{
	stop_waiting(s);
	s->since = since;
	s->waits_next = NULL;
	s->waits = waiting_end;
	*waiting_end = s;
	waiting_end = &s->waits_next;
}

static void set_prompt(struct prompt *p, const char *text, size_t len)
{
	free(p->text);
	p->text = text ? malloc(len + 1) : NULL; /* not malloc(0) */
	p->len = len;
	if (p->text)
		memcpy(p->text, text, len);
}

static void show(const struct line *l, const struct prompt *prompt)
{
	shown.prompt = prompt;
	tool_show(l);
	memset(&shown, 0, sizeof(shown));
}

static size_t size_of(const struct line *l)
{
	return l->text_at + l->text_len;
}

/* No user can take all of it: at most half of what the others have left. */
static bool may_hold(const struct line *l, size_t more)
{
	size_t own = held_by[l->event.uid % USERS_HASH];

	return own + more <= (HELD_MAX - (held_bytes - own)) / 2;
}

static void count_held(const struct line *l, size_t more)
{
	held_bytes += more;
	held_by[l->event.uid % USERS_HASH] += more;
}

/* Shows what is held, if anything is. */
static void let_go(struct shell *s)
{
	if (!s->held)
		return;
	shown.unfinished = s->incomplete;
	show(s->held, &s->first);
	count_held(s->held, -size_of(s->held));
	free(s->held);
	stop_waiting(s);
	s->held = NULL;
	s->incomplete = false;
}

static void hold(struct shell *s, const struct line *l, const struct prompt *prompt)
{
	size_t size = size_of(l);

	let_go(s);
	s->held = may_hold(l, size) ? malloc(size) : NULL;
	if (!s->held) { /* at once, then */
		show(l, prompt);
		return;
	}
	memcpy(s->held, l, size);
	count_held(l, size);
	set_prompt(&s->first, prompt->text, prompt->len);
	begin_waiting(s, l->event.time);
}

/* One more line of the same command. */
static void append(struct shell *s, const struct line *l)
{
	size_t size = size_of(s->held), more = l->text_len + 1;
	struct line *grown = NULL;

	if (s->held->text_len + more <= COMMAND_MAX && may_hold(l, more))
		grown = realloc(s->held, size + more);
	s->incomplete = false;
	begin_waiting(s, l->event.time);
	if (!grown) {
		s->held->notes |= LINE_CUT;
		return;
	}
	((char *)grown)[size] = '\n';
	memcpy((char *)grown + size + 1, (const char *)l + l->text_at, l->text_len);
	grown->text_len += more;
	grown->notes |= l->notes & (LINE_CUT | LINE_UNREADABLE);
	count_held(grown, more);
	s->held = grown;
}

/* What the process is doing; NULL when there is no memory.  Its number may be that of an earlier one. */
static struct shell *shell_of(const struct line *l)
{
	struct shell **head = &shells[l->event.pid % SHELLS_HASH], *s = *head;

	while (s && s->pid != l->event.pid)
		s = s->next;
	if (s && s->start_time == l->start_time && s->exec_id == l->exec_id)
		return s;
	if (s) {
		let_go(s);
		s->prompted = s->interrupted = false;
		s->address = 0;
	} else {
		s = calloc(1, sizeof(*s));
		if (!s)
			return NULL;
		s->pid = l->event.pid;
		s->next = *head;
		*head = s;
	}
	s->start_time = l->start_time;
	s->exec_id = l->exec_id;
	return s;
}

/* As the record says, or for what is no shell its prompt. */
static uint8_t notes_of(const struct shell *s, const struct line *l)
{
	const char *prompt = (const char *)(l + 1);
	bool more;

	if (l->notes & LINE_SHELL)
		return l->notes & (LINE_CONTINUED | LINE_NESTED);
	more = s->held && s->first.text && s->first.len == l->prompt_len &&
	       lines_is_more_of(s->first.text, prompt, l->prompt_len);
	return more || lines_is_continued(prompt, l->prompt_len) ? LINE_CONTINUED : 0;
}

static void swap_prompts(struct shell *s)
{
	struct prompt prompt = s->prompt;
	uint8_t notes = s->notes;

	s->prompt = s->outer;
	s->notes = s->outer_notes;
	s->outer = prompt;
	s->outer_notes = notes;
}

static void on_prompt(struct shell *s, const struct line *l)
{
	uint8_t notes = notes_of(s, l);

	if (!(notes & LINE_NESTED)) {
		s->interrupted = false;
	} else if (s->prompted && !(s->notes & LINE_NESTED)) {
		s->interrupted = true;
		swap_prompts(s);
	}
	s->prompted = true;
	s->notes = notes;
	set_prompt(&s->prompt, l->notes & LINE_PROMPTED ? (const char *)(l + 1) : NULL,
		   l->prompt_len);
	if (!s->held)
		return;
	if (s->notes & LINE_CONTINUED) {
		s->incomplete = true;
		stop_waiting(s);
	} else if (!(s->notes & LINE_NESTED)) {
		shown.ended = lines.ends;
		shown.has_status = lines.ends && l->notes & LINE_SHELL;
		shown.status = l->status;
		shown.duration = l->event.time - s->since;
		let_go(s);
	}
}

/* At a prompt of the shell itself nobody is asked for a secret, whatever directory it may show. */
static bool is_left_out(const struct line *l, const struct prompt *p)
{
	bool own = l->notes & LINE_SHELL && !(l->notes & LINE_NESTED);

	return lines.no_secrets && !own && p->text && lines_is_secret(p->text, p->len);
}

static void on_line(struct shell *s, struct line *l)
{
	/* Of one file under two names, as overlays give it, each line comes twice; but a file can be attached to anew. */
	if (s->address == l->address && s->editor != l->editor && l->event.time - s->read < AGAIN)
		return;
	s->address = l->address;
	s->editor = l->editor;
	s->read = l->event.time;

	if (!s->prompted && s->interrupted) {
		swap_prompts(s);
		s->interrupted = false;
		s->prompted = true;
	}
	l->notes |= notes_of(s, l);
	if (s->prompted)
		l->notes = (l->notes & ~(LINE_CONTINUED | LINE_NESTED)) | s->notes;
	else
		set_prompt(&s->prompt, l->notes & LINE_PROMPTED ? (const char *)(l + 1) : NULL,
			   l->prompt_len);
	s->prompted = false;

	if (is_left_out(l, &s->prompt))
		return;
	if (l->notes & LINE_NESTED) {
		if (!lines.ends)
			let_go(s);
		if (l->text_len || l->kind == LINE_END || l->notes & LINE_UNREADABLE || lines.raw)
			show(l, &s->prompt);
	} else if (lines.raw || l->kind == LINE_END) {
		let_go(s);
		show(l, &s->prompt);
	} else if (l->notes & LINE_CONTINUED && s->held) {
		append(s, l);
	} else if (l->text_len || l->notes & LINE_UNREADABLE) {
		hold(s, l, &s->prompt);
	} else {
		let_go(s);
	}
}

/* --- records --- */

static void make_plain(struct line *l)
{
	char *text = (char *)l + l->text_at;

	if (l->notes & LINE_WIDE)
		l->text_len = lines_narrow(text, text, l->text_len / sizeof(uint32_t));
	if (l->notes & LINE_RETURNED && l->text_len && text[l->text_len - 1] == '\n')
		l->text_len--;
}

static void release(uint64_t now)
{
	struct ordered *o;
	struct shell *s;
	struct line *l;

	while ((o = order_take(now))) {
		l = (void *)o->record;
		s = shell_of(l);
		if (!s) {
			tool_lose();
		} else if (l->kind == LINE_PROMPT) {
			on_prompt(s, l);
		} else {
			make_plain(l);
			on_line(s, l);
		}
		free(o);
	}
}

void lines_handle(const void *record, size_t size)
{
	const struct line *l = record;

	/* Without what was reserved and not used: the text comes last. */
	if (order_put(record, l->text_at ? size_of(l) : size))
		tool_lose();
	release(order_latest());
}

static void drop_shell(struct shell **at)
{
	struct shell *s = *at;

	let_go(s);
	*at = s->next;
	free(s->prompt.text);
	free(s->outer.text);
	free(s->first.text);
	free(s);
}

/* Those that have ended have shown their last prompt. */
static void drop_ended(void)
{
	struct shell **at;

	for (size_t i = 0; i < SHELLS_HASH; i++) {
		for (at = &shells[i]; *at;) {
			if (kill((*at)->pid, 0) && errno == ESRCH)
				drop_shell(at);
			else
				at = &(*at)->next;
		}
	}
}

void lines_settle(uint64_t now)
{
	static uint64_t checked;

	release(now);
	while (waiting && !lines.ends && waiting->since + PROMPT_PATIENCE < now)
		let_go(waiting);
	if (now - checked > SECOND) {
		checked = now;
		drop_ended();
	}
}

void lines_finish(void)
{
	release(UINT64_MAX);
	for (size_t i = 0; i < SHELLS_HASH; i++)
		while (shells[i])
			drop_shell(&shells[i]);
}
