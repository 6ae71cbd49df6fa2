/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/unwind.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"

#define MAPPINGS_MAX 64
#define DEPTH_MAX 16 /* of an expression's stack */

/* The numbers that DWARF gives to registers: the ABI supplements for x86-64 and for AArch64. */
#if defined(__x86_64__)
#define SP 7
#define FP 6
#define PC 16 /* the return address; expressions for a PLT look at it */
#define REGS 17
#define CODE_MASK UINT64_MAX
/* The last one, rdi, is where glibc's vfork(3) keeps its return address. */
static const unsigned char saved[] = { FP, 3, 12, 13, 14, 15, 5 };
#elif defined(__aarch64__)
#define SP 31
#define FP 29
#define REGS 32
#define CODE_MASK ((1ULL << 48) - 1) /* a return address may be signed, in the bits above */
static const unsigned char saved[] = { 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, FP, 30 };
#else
#error "no call frames known for this architecture"
#endif

struct registers {
	uint64_t value[REGS];
	uint64_t known; /* a bit for each */
};

struct unwinding {
	struct usyms *usyms;
	const struct user_stack *stack;
	const char *memory; /* the stack itself */
	size_t count;
	const struct stack_mapping *mappings[MAPPINGS_MAX];
	struct registers regs;
	uint64_t pc;
	uint64_t floor; /* no frame further out begins below it */
	bool returns;	/* as in struct unwind_frame */
};

enum step { STEP_DONE, STEP_OUTERMOST, STEP_FAILED };

static void set(struct registers *regs, unsigned int n, uint64_t value)
{
	regs->value[n] = value;
	regs->known |= 1ULL << n;
}

static bool get(const struct registers *regs, uint64_t n, uint64_t *value)
{
	if (n >= REGS || !(regs->known >> n & 1))
		return false;
	*value = regs->value[n];
	return true;
}

/* A word of 4 or 8 bytes. */
static bool read_word(const struct unwinding *u, uint64_t address, size_t size, uint64_t *word)
{
	uint64_t at = address - u->stack->regs[STACK_SP];

	if (u->stack->bytes < size || at > u->stack->bytes - size)
		return false;
	*word = 0;
	memcpy(word, u->memory + at, size); /* both architectures are little-endian */
	return true;
}

/* --- expressions --- */

struct machine {
	uint64_t stack[DEPTH_MAX];
	size_t depth;
};

static bool push(struct machine *m, uint64_t value)
{
	if (m->depth == DEPTH_MAX)
		return false;
	m->stack[m->depth++] = value;
	return true;
}

/* Those that take two values from the stack: DWARF 5, 2.5.1.4. */
static bool binary(struct machine *m, unsigned int atom)
{
	uint64_t a, b;

	if (m->depth < 2)
		return false;
	b = m->stack[--m->depth];
	a = m->stack[--m->depth];
	switch (atom) {
	case DW_OP_plus:
		return push(m, a + b);
	case DW_OP_minus:
		return push(m, a - b);
	case DW_OP_and:
		return push(m, a & b);
	case DW_OP_or:
		return push(m, a | b);
	case DW_OP_shl:
		return push(m, b < 64 ? a << b : 0);
	case DW_OP_ge:
		return push(m, (int64_t)a >= (int64_t)b);
	}
	return false;
}

static bool operate(const struct unwinding *u, struct machine *m, const Dwarf_Op *op,
		    const uint64_t *cfa)
{
	uint64_t value;

	switch (op->atom) {
	case DW_OP_lit0 ... DW_OP_lit31:
		return push(m, op->atom - DW_OP_lit0);
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		return push(m, op->number); /* its sign has been extended */
	case DW_OP_breg0 ... DW_OP_breg31:
		return get(&u->regs, op->atom - DW_OP_breg0, &value) && push(m, value + op->number);
	case DW_OP_bregx:
		return get(&u->regs, op->number, &value) && push(m, value + op->number2);
	case DW_OP_call_frame_cfa:
		return cfa && push(m, *cfa);
	case DW_OP_plus_uconst:
		if (!m->depth)
			return false;
		m->stack[m->depth - 1] += op->number;
		return true;
	case DW_OP_deref:
		return m->depth && read_word(u, m->stack[m->depth - 1], sizeof(uint64_t),
					     &m->stack[m->depth - 1]);
	}
	return binary(m, op->atom);
}

/* `cfa`: NULL while it is not known. */
static bool evaluate(const struct unwinding *u, const Dwarf_Op *ops, size_t count,
		     const uint64_t *cfa, uint64_t *value)
{
	struct machine m = { .depth = 0 };

	for (size_t i = 0; i < count; i++)
		if (!operate(u, &m, &ops[i], cfa))
			return false;
	if (!m.depth)
		return false;
	*value = m.stack[m.depth - 1];
	return true;
}

/* What the caller had in a register; `ops` say where that is now, or what it is. */
static bool recover(const struct unwinding *u, const Dwarf_Op *ops, size_t count, uint64_t cfa,
		    uint64_t *value)
{
	uint64_t address;

	if (count == 1 && ops->atom == DW_OP_regx)
		return get(&u->regs, ops->number, value);
	if (count == 1 && ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31)
		return get(&u->regs, ops->atom - DW_OP_reg0, value);
	if (ops[count - 1].atom == DW_OP_stack_value)
		return evaluate(u, ops, count - 1, &cfa, value);
	return evaluate(u, ops, count, &cfa, &address) &&
	       read_word(u, address, sizeof(*value), value);
}

/* --- from a frame to its caller's --- */

static enum step step_by_frame(struct unwinding *u, Dwarf_Frame *frame)
{
	struct registers caller = { .known = 0 };
	uint64_t cfa, value;
	Dwarf_Op *ops, mem[3];
	bool signal = false;
	size_t count;
	int ra;

	ra = dwarf_frame_info(frame, NULL, NULL, &signal);
	if (ra < 0 || dwarf_frame_cfa(frame, &ops, &count) || !evaluate(u, ops, count, NULL, &cfa))
		return STEP_FAILED;
	/* The first function of a program need not have anything on the stack either. */
	if (dwarf_frame_register(frame, ra, mem, &ops, &count))
		return STEP_FAILED;
	if (!count && ops)
		return STEP_OUTERMOST;
	/* Only the innermost function, or one that a signal interrupted, may have nothing on the stack. */
	if (!signal && (u->returns ? cfa <= u->floor : cfa < u->floor))
		return STEP_FAILED;
	for (int i = 0; i < REGS; i++) {
		if (dwarf_frame_register(frame, i, mem, &ops, &count))
			return STEP_FAILED;
		if (count ? recover(u, ops, count, cfa, &value) : !ops && get(&u->regs, i, &value))
			set(&caller, i, value);
	}
	if (!get(&caller, ra, &value))
		return STEP_FAILED;
	u->regs = caller;
	u->pc = value & CODE_MASK;
	/* A handler may have had a stack of its own: sigaltstack(2). */
	u->floor = cfa;
	if (signal && !get(&caller, SP, &u->floor))
		u->floor = 0;
	u->returns = !signal;
	return u->pc ? STEP_DONE : STEP_OUTERMOST;
}

/* The caller's frame pointer and the return address lie side by side. */
static enum step step_by_pointer(struct unwinding *u)
{
	size_t size = u->stack->compat ? 4 : 8;
	uint64_t fp, caller_fp, pc;

	if (!get(&u->regs, FP, &fp))
		return STEP_FAILED;
	if (!fp)
		return STEP_OUTERMOST;
	if (fp < u->floor || !read_word(u, fp, size, &caller_fp) ||
	    !read_word(u, fp + size, size, &pc))
		return STEP_FAILED;
	u->regs.known = 0;
	set(&u->regs, FP, caller_fp);
	u->floor = fp + 2 * size;
#if defined(__x86_64__)
	/* Elsewhere they lie at the lower end of the frame. */
	set(&u->regs, SP, u->floor);
	set(&u->regs, PC, pc);
#endif
	u->pc = pc & CODE_MASK;
	u->returns = true;
	return u->pc ? STEP_DONE : STEP_OUTERMOST;
}

static const struct stack_mapping *find_mapping(const struct unwinding *u, uint64_t pc)
{
	for (size_t i = 0; i < u->count; i++)
		if (pc >= u->mappings[i]->start && pc < u->mappings[i]->end)
			return u->mappings[i];
	return NULL;
}

/*
 * The tables of a C library leave out the rest of clone(2)'s function: a new
 * thread begins there, and has no caller.  The call has left its return address
 * where it is put by every call, and nothing has been done to the registers.
 */
bool unwind_clones;

static enum step step_by_return(struct unwinding *u)
{
	uint64_t pc;

#if defined(__x86_64__)
	if (!read_word(u, u->floor, sizeof(pc), &pc))
		return STEP_FAILED;
#else
	if (!get(&u->regs, 30, &pc))
		return STEP_FAILED;
#endif
	pc &= CODE_MASK;
	if (!find_mapping(u, pc))
		return STEP_FAILED;
#if defined(__x86_64__)
	u->floor += sizeof(pc);
	set(&u->regs, SP, u->floor);
	set(&u->regs, PC, pc);
#endif
	u->pc = pc;
	u->returns = true;
	return STEP_DONE;
}

#if defined(__aarch64__)
/*
 * Nothing but a signal's handler returns into the vDSO, whose tables tell the
 * caller of what was interrupted, but not that itself.  The registers are in
 * struct rt_sigframe: arch/arm64/kernel/signal.c, uapi/asm/sigcontext.h.
 */
static enum step step_by_signal(struct unwinding *u)
{
	enum { REGS_AT = 128 /* siginfo_t */ + 176 /* ucontext */ + 8, SP_AT = 31, PC_AT = 32 };
	struct registers interrupted = { .known = 0 };
	uint64_t sp, pc, value;

	if (!get(&u->regs, SP, &sp) || !read_word(u, sp + REGS_AT + 8 * PC_AT, 8, &pc))
		return STEP_FAILED;
	for (unsigned int i = 0; i <= SP_AT; i++)
		if (read_word(u, sp + REGS_AT + 8 * i, 8, &value))
			set(&interrupted, i, value);
	u->regs = interrupted;
	u->pc = pc;
	/* The handler may have had a stack of its own: sigaltstack(2). */
	if (!get(&interrupted, SP, &u->floor))
		u->floor = 0;
	u->returns = false;
	return STEP_DONE;
}
#endif

static enum step step(struct unwinding *u, const struct stack_mapping *m)
{
	char path[2 * PATH_MAX];
	Dwarf_Frame *frame;
	Dwarf_CFI *cfi = NULL;
	uint64_t address;
	enum step result;

#if defined(__aarch64__)
	if (m && m->vdso && u->returns)
		return step_by_signal(u);
#endif
	if (m && u->usyms && !u->stack->compat) {
		unwind_path(m, path, sizeof(path));
		if (m->vdso || *path)
			cfi = usyms__cfi(u->usyms, path, m->dev, m->ino,
					 unwind_offset(m, u->pc - u->returns), &address);
	}
	if (!cfi || dwarf_cfi_addrframe(cfi, address, &frame)) {
		result = unwind_clones && cfi && !u->returns ? step_by_return(u) : STEP_FAILED;
		return result == STEP_DONE ? result : step_by_pointer(u);
	}
	result = step_by_frame(u, frame);
	free(frame);
	return result;
}

/* --- the record --- */

void unwind_path(const struct stack_mapping *mapping, char *buf, size_t size)
{
	size_t len;

	if (mapping->vdso) {
		strcpy(buf, "[vdso]");
		return;
	}
	len = path_text(buf, size - 1, (const char *)(mapping + 1), &mapping->path);
	buf[len] = '\0';
}

uint64_t unwind_offset(const struct stack_mapping *mapping, uint64_t pc)
{
	return pc - mapping->start + mapping->offset;
}

static void read_mappings(struct unwinding *u, const char *at, const char *end)
{
	while (u->count < MAPPINGS_MAX && (size_t)(end - at) >= sizeof(struct stack_mapping)) {
		const struct stack_mapping *m = (const void *)at;
		size_t len = sizeof(*m) + ((m->path.len + 7) & ~(size_t)7);

		u->mappings[u->count++] = m;
		if (len >= (size_t)(end - at))
			break;
		at += len;
	}
}

static void start(struct unwinding *u)
{
	const __u64 *regs = u->stack->regs;

	u->pc = regs[STACK_PC];
	u->floor = regs[STACK_SP];
	set(&u->regs, SP, regs[STACK_SP]);
#ifdef PC
	set(&u->regs, PC, u->pc);
#endif
#if defined(__aarch64__)
	/* In 32-bit programs the frame pointer is another register, if they have one. */
	if (u->stack->compat)
		return;
#endif
	for (size_t i = 0; i < sizeof(saved); i++)
		set(&u->regs, saved[i], regs[STACK_SAVED + i]);
}

size_t unwind(struct usyms *usyms, const struct user_stack *stack, size_t bytes,
	      struct unwind_frame frames[UNWIND_FRAMES], bool *whole)
{
	struct unwinding u = { .usyms = usyms,
			       .stack = stack,
			       .memory = (const char *)(stack + 1) };
	const struct stack_mapping *m;
	size_t count = 0;

	*whole = false;
	if (bytes < sizeof(*stack) + stack->bytes)
		return 0;
	read_mappings(&u, u.memory + stack->bytes, (const char *)stack + bytes);
	start(&u);
	/* A thread that io_uring has for itself never was in user space. */
	*whole = !u.pc;
	while (u.pc && count < UNWIND_FRAMES) {
		m = find_mapping(&u, u.pc);
		/* What is found by way of a register that held anything else is not code, so it is not shown. */
		if (!m && count)
			break;
		frames[count++] = (struct unwind_frame){ u.pc, m, u.returns };
		switch (step(&u, m)) {
		case STEP_DONE:
			continue;
		case STEP_OUTERMOST:
			*whole = true;
			return count;
		case STEP_FAILED:
			return count;
		}
	}
	return count;
}
