#include "rtloop/cycle/seal_arch.h"

#include <ucontext.h>

#if defined(__x86_64__)
__asm__(".pushsection .text\n"
	".globl seal_gate\n"
	".hidden seal_gate\n"
	".type seal_gate, @function\n"
	"seal_gate:\n"
	"	mov 0(%rdi), %rax\n"
	"	mov 16(%rdi), %rsi\n"
	"	mov 24(%rdi), %rdx\n"
	"	mov 32(%rdi), %r10\n"
	"	mov 40(%rdi), %r8\n"
	"	mov 48(%rdi), %r9\n"
	"	mov 8(%rdi), %rdi\n"
	"	syscall\n"
	".globl seal_gate_end\n"
	".hidden seal_gate_end\n"
	"seal_gate_end:\n"
	"	ret\n"
	".size seal_gate, . - seal_gate\n"
	".popsection\n");
#elif defined(__aarch64__)
__asm__(".pushsection .text\n"
	".balign 4\n"
	".globl seal_gate\n"
	".hidden seal_gate\n"
	".type seal_gate, %function\n"
	"seal_gate:\n"
	"	ldr x8, [x0]\n"
	"	ldp x1, x2, [x0, #16]\n"
	"	ldp x3, x4, [x0, #32]\n"
	"	ldr x5, [x0, #48]\n"
	"	ldr x0, [x0, #8]\n"
	"	svc #0\n"
	".globl seal_gate_end\n"
	".hidden seal_gate_end\n"
	"seal_gate_end:\n"
	"	ret\n"
	".size seal_gate, . - seal_gate\n"
	".popsection\n");
#elif defined(__arm__)
/* The section is left as it was found; whether it was in Thumb the compiler says before each function. */
__asm__(".pushsection .text\n"
	".syntax unified\n"
	".arm\n"
	".balign 4\n"
	".globl seal_gate\n"
	".hidden seal_gate\n"
	".type seal_gate, %function\n"
	"seal_gate:\n"
	"	push {r4, r5, r7, lr}\n"
	"	ldr r7, [r0]\n"
	"	ldr r1, [r0, #8]\n"
	"	ldr r2, [r0, #12]\n"
	"	ldr r3, [r0, #16]\n"
	"	ldr r4, [r0, #20]\n"
	"	ldr r5, [r0, #24]\n"
	"	ldr r0, [r0, #4]\n"
	"	svc #0\n"
	".globl seal_gate_end\n"
	".hidden seal_gate_end\n"
	"seal_gate_end:\n"
	"	pop {r4, r5, r7, pc}\n"
	".size seal_gate, . - seal_gate\n"
#ifdef __thumb__
	".thumb\n"
#endif
	".popsection\n");
#else
_Static_assert(sizeof(long) == 0, "what a system call looks like here is not known");
#endif

extern const char seal_gate_end[] __attribute__((visibility("hidden")));

uintptr_t seal_gate_address(void)
{
	return (uintptr_t)seal_gate_end;
}

#if defined(__x86_64__)

struct seal_request seal_request_of(const void *context)
{
	const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;

	return (struct seal_request){
		.number = (long)registers[REG_RAX],
		.arguments = { (long)registers[REG_RDI], (long)registers[REG_RSI],
			       (long)registers[REG_RDX], (long)registers[REG_R10],
			       (long)registers[REG_R8], (long)registers[REG_R9] },
	};
}

void seal_return(void *context, long value)
{
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = value;
}

uintptr_t seal_stack_of(const void *context)
{
	return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
}

uintptr_t seal_link_of(const void *context)
{
	return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

#elif defined(__aarch64__)

struct seal_request seal_request_of(const void *context)
{
	const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
	struct seal_request request = { .number = (long)machine->regs[8] };

	for (int i = 0; i < SEAL_ARGUMENTS; i++) {
		request.arguments[i] = (long)machine->regs[i];
	}
	return request;
}

void seal_return(void *context, long value)
{
	((ucontext_t *)context)->uc_mcontext.regs[0] = (unsigned long)value;
}

uintptr_t seal_stack_of(const void *context)
{
	return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.sp;
}

uintptr_t seal_link_of(const void *context)
{
	return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.regs[30];
}

#else

struct seal_request seal_request_of(const void *context)
{
	const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;

	return (struct seal_request){
		.number = (long)machine->arm_r7,
		.arguments = { (long)machine->arm_r0, (long)machine->arm_r1,
			       (long)machine->arm_r2, (long)machine->arm_r3,
			       (long)machine->arm_r4, (long)machine->arm_r5 },
	};
}

void seal_return(void *context, long value)
{
	((ucontext_t *)context)->uc_mcontext.arm_r0 = (unsigned long)value;
}

uintptr_t seal_stack_of(const void *context)
{
	return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.arm_sp;
}

uintptr_t seal_link_of(const void *context)
{
	return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.arm_lr;
}

#endif
