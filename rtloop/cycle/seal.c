#include "rtloop/cycle/seal.h"

#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/cycle/options.h"
#include "rtloop/cycle/seal_arch.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code: the call was trapped by a filter */
#endif

/* Words of the stack that are looked through for who called. */
#define STACK_WORDS_MAX 2048

/* A handler reaches nothing but what is of its thread. */
static __thread struct seal *sealed;

/* --- who called ----------------------------------------------------------------------------- */

static bool begins_with(const char *name, const char *begin)
{
	return strncmp(name, begin, strlen(begin)) == 0;
}

/* By name: what others call the kernel through is never the one to be told of. */
static bool is_system(const char *name)
{
	return begins_with(name, "libc.") || begins_with(name, "libc-") ||
	       begins_with(name, "libpthread") || begins_with(name, "ld-") ||
	       begins_with(name, "ld.") || begins_with(name, "linux-");
}

static int add_object(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct seal *seal = context;
	const char *slash = strrchr(info->dlpi_name, '/');
	const char *name = slash ? slash + 1 : info->dlpi_name;

	(void)bytes;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X) &&
		    seal->object_count < SEAL_OBJECTS_MAX) {
			seal->objects[seal->object_count++] = (struct seal_object){
				.start = info->dlpi_addr + part->p_vaddr,
				.end = info->dlpi_addr + part->p_vaddr + part->p_memsz,
				.base = info->dlpi_addr,
				.name = name[0] ? name : "rtloop",
				.is_system = is_system(name),
				.is_program = name[0] == '\0',
			};
		}
	}
	return 0;
}

static const struct seal_object *object_at(const struct seal *seal, uintptr_t address)
{
	for (unsigned i = 0; i < seal->object_count; i++) {
		const struct seal_object *object = &seal->objects[i];

		if (address >= object->start && address < object->end &&
		    !object->is_system) {
			return object;
		}
	}
	return NULL;
}

/* Whether it is of code that may have called; that of a plugin is rather told of than rtloop's own. */
static bool take_place(const struct seal *seal, uintptr_t address, struct seal_call *call)
{
	const struct seal_object *object = object_at(seal, address);

	if (object && (!call->object || !object->is_program)) {
		call->object = object;
		call->offset = address - object->base;
	}
	return call->object && !call->object->is_program;
}

/* The call itself, where it returns to, or else the nearest address on the stack: what a function has left there
 * earlier may be taken for one, for nothing else says where its callers are. What lies between the variables of
 * others is read too, as AddressSanitizer lets nobody. */
__attribute__((no_sanitize_address)) static void
find_caller(const struct seal *seal, const void *context, struct seal_call *call)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): a register is an integer */
	const uintptr_t *stack = (const uintptr_t *)seal_stack_of(context);

	call->object = NULL;
	call->offset = 0;
	if (take_place(seal, call->caller, call) ||
	    take_place(seal, seal_link_of(context), call)) {
		return;
	}
	for (unsigned i = 0;
	     i < STACK_WORDS_MAX && (uintptr_t)(stack + i) < seal->stack_end; i++) {
		if (take_place(seal, stack[i], call)) {
			return;
		}
	}
}

/* --- what is noted -------------------------------------------------------------------------- */

static bool is_native(unsigned architecture)
{
#if defined(__x86_64__)
	return architecture == AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
	return architecture == AUDIT_ARCH_AARCH64;
#else
	return architecture == AUDIT_ARCH_ARM;
#endif
}

static void count_call(struct seal_call *call)
{
	/* release: who sees the first count sees the rest */
	atomic_store_explicit(&call->count,
			      atomic_load_explicit(&call->count, memory_order_relaxed) +
				      1,
			      memory_order_release);
}

/* NULL: the list is full of others. */
static struct seal_call *note(struct seal *seal, const siginfo_t *info,
			      const void *context)
{
	uintptr_t caller = (uintptr_t)info->si_call_addr;
	uint32_t number = (uint32_t)info->si_syscall;

	counter_add(&seal->total, 1);
	for (unsigned i = 0; i < SEAL_CALLS_MAX; i++) {
		struct seal_call *call = &seal->calls[i];

		if (atomic_load_explicit(&call->count, memory_order_relaxed) == 0) {
			call->number = number;
			call->caller = caller;
			call->is_foreign = !is_native(info->si_arch);
			find_caller(seal, context, call);
		} else if (call->number != number || call->caller != caller) {
			continue;
		}
		count_call(call);
		return call;
	}
	return NULL;
}

const struct seal_call *seal_next(const struct seal *seal, unsigned index)
{
	const struct seal_call *call = &seal->calls[index < SEAL_CALLS_MAX ? index : 0];

	return index < SEAL_CALLS_MAX && atomic_load_explicit(&call->count,
							      memory_order_acquire) > 0
		       ? call
		       : NULL;
}

/* --- what becomes of it --------------------------------------------------------------------- */

/* Whether standard error takes a line now: nothing may keep the process from ending. */
static bool has_ears(void)
{
	struct pollfd ear = { .fd = STDERR_FILENO, .events = POLLOUT };
	long at_once[4] = { 0 };
	const struct seal_request request = {
#ifdef SYS_ppoll_time64
		SYS_ppoll_time64,
#else
		SYS_ppoll,
#endif
		{ (long)&ear, 1, (long)at_once, 0, 0, 0 }
	};

	return seal_gate(&request) == 1 && (ear.revents & POLLOUT);
}

static void say(const char *text, size_t bytes)
{
	const struct seal_request request = {
		SYS_write, { STDERR_FILENO, (long)text, (long)bytes, 0, 0, 0 }
	};

	(void)seal_gate(&request);
}

static void say_last_words(const struct seal_call *call)
{
	static const char before[] = "rtloop: loop: seal: the cycle thread called ";
	static const char after[] =
		", which its configuration does not need: the process is killed\n";
	char text[sizeof(before) + SEAL_TEXT_BYTES + sizeof(after)];
	size_t bytes = sizeof(before) - 1;

	memcpy(text, before, bytes);
	bytes += seal_describe(call, text + bytes);
	memcpy(text + bytes, after, sizeof(after) - 1);
	say(text, bytes + sizeof(after) - 1);
}

/* The filter does not let this through at the gate: the kernel ends the process, with SIGSYS. */
static void end_process(void)
{
	const struct seal_request request = { SYS_exit_group,
					      { 128 + SIGSYS, 0, 0, 0, 0, 0 } };

	(void)seal_gate(&request);
}

/* A child would return into the middle of the handler. */
static bool makes_child(long number)
{
	return number == SYS_clone
#ifdef SYS_clone3
	       || number == SYS_clone3
#endif
#ifdef SYS_vfork
	       || number == SYS_vfork || number == SYS_fork
#endif
		;
}

static long make_call(const struct seal_request *request, bool is_foreign)
{
	if (is_foreign) {
		return -ENOSYS;
	}
	return makes_child(request->number) ? -EPERM : seal_gate(request);
}

/* Sent by somebody: what a process without a handler does. In a sealed thread this is trapped, and so the end. */
static void die_of_signal(void)
{
	signal(SIGSYS, SIG_DFL);
	raise(SIGSYS);
}

static void take_trap(int signal, siginfo_t *info, void *context)
{
	struct seal *seal = sealed;
	const struct seal_request request = seal_request_of(context);
	const struct seal_call *call;

	(void)signal;
	if (!seal || info->si_code != SYS_SECCOMP) {
		die_of_signal();
		return;
	}
	call = note(seal, info, context);
	if (seal->kind == SEAL_KILL) {
		if (call && has_ears()) {
			say_last_words(call);
		}
		end_process();
	}
	seal_return(context, make_call(&request, !is_native(info->si_arch)));
}

/* --- putting it on -------------------------------------------------------------------------- */

static int take_signal(void)
{
	struct sigaction take = { .sa_sigaction = take_trap, .sa_flags = SA_SIGINFO };
	sigset_t trap;

	sigemptyset(&trap);
	sigaddset(&trap, SIGSYS);
	if (sigaction(SIGSYS, &take, NULL)) {
		return -errno;
	}
	return -pthread_sigmask(SIG_UNBLOCK, &trap, NULL);
}

static int make_filter(int kind, const struct filter_scope *scope, struct filter *filter)
{
	int code;

	filter_begin(filter);
	code = filter_calls_add(filter, scope);
	return code ? code
		    : filter_end(filter, seal_gate_address(),
				 kind == SEAL_KILL ? filter_last_words : NULL,
				 filter_last_words_count);
}

static int fail(int code, struct err *err)
{
	return err_set_errno(err, code,
			     "loop: seal: the kernel refuses the filter (it takes "
			     "CONFIG_SECCOMP_FILTER); 'seal: off' runs without");
}

int seal_put_on(struct seal *seal, int kind, const struct filter_scope *scope,
		struct err *err)
{
	struct filter filter;
	int code;

	seal->kind = kind;
	if (kind == SEAL_OFF) {
		return 0;
	}
	seal->stack_end = (uintptr_t)__builtin_frame_address(0);
	dl_iterate_phdr(add_object, seal);
	code = make_filter(kind, scope, &filter);
	code = code ? code : take_signal();
	if (code) {
		return fail(code, err);
	}
	sealed = seal;
	code = filter_install(&filter);
	if (code) {
		sealed = NULL;
		return fail(code, err);
	}
	seal->instructions = filter.count;
	atomic_store(&seal->is_on, true);
	return 0;
}
