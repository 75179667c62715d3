/* A long jump onto another stack is what fibers are made of: the hardened one would take it for an error. */
#undef _FORTIFY_SOURCE
#include "tests/sim/fiber.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#define STACK_BYTES ((size_t)2 << 20)
#else
#define STACK_BYTES ((size_t)512 << 10)
#endif

/* What leaves a stack without returning must leave no red zones there. */
#define NO_ASAN __attribute__((no_sanitize_address, noinline))

struct fiber {
	jmp_buf at; /* where it goes on */
	void *stack;
	size_t stack_bytes;
	void (*main)(void *arg); /* NULL: it has begun */
	void *arg;
};

/* What one switch hands to the other side of it. */
static struct fiber *coming;
static struct fiber *going;

static void leave_stack(struct fiber *from, const struct fiber *to, void **ret_fake)
{
	(void)from;
#ifdef WITH_ASAN
	__sanitizer_start_switch_fiber(ret_fake, to->stack, to->stack_bytes);
#else
	(void)to;
	(void)ret_fake;
#endif
}

/* The first time, it is told where the caller's own stack is. */
static void enter_stack(void *fake)
{
#ifdef WITH_ASAN
	const void *bottom;
	size_t bytes;

	__sanitizer_finish_switch_fiber(fake, &bottom, &bytes);
	if (going && !going->stack) {
		going->stack = (void *)bottom;
		going->stack_bytes = bytes;
	}
#else
	(void)fake;
#endif
}

/* makecontext() hands over nothing but ints. */
static void begin(void)
{
	struct fiber *self = coming;
	void (*main)(void *arg) = self->main;

	self->main = NULL;
	enter_stack(NULL);
	main(self->arg);
	abort();
}

NO_ASAN static void jump_to_start(struct fiber *fiber)
{
	ucontext_t context;

	if (getcontext(&context)) {
		abort();
	}
	context.uc_stack.ss_sp = fiber->stack;
	context.uc_stack.ss_size = fiber->stack_bytes;
	context.uc_link = NULL;
	makecontext(&context, begin, 0);
	setcontext(&context);
}

struct fiber *fiber_of_caller(void)
{
	static struct fiber fiber;

	return &fiber;
}

void fiber_restart(struct fiber *fiber, void (*main)(void *arg), void *arg)
{
	fiber->main = main;
	fiber->arg = arg;
}

struct fiber *fiber_create(void (*main)(void *arg), void *arg)
{
	struct fiber *fiber = calloc(1, sizeof(*fiber));
	void *stack =
		mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (!fiber || stack == MAP_FAILED) {
		perror("no memory for a fiber");
		exit(1);
	}
	fiber->stack = stack;
	fiber->stack_bytes = STACK_BYTES;
	fiber_restart(fiber, main, arg);
	return fiber;
}

NO_ASAN void fiber_switch(struct fiber *from, struct fiber *to)
{
	void *fake = NULL;

	leave_stack(from, to, &fake);
	coming = to;
	going = from;
	if (_setjmp(from->at) == 0) {
		if (to->main) {
			jump_to_start(to);
		}
		_longjmp(to->at, 1);
	}
	enter_stack(fake);
}
