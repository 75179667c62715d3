#include "tests/fakes/bpf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/audit.h>
#include <string.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE AUDIT_ARCH_ARM
#endif

struct seccomp_data bpf_call(long number, uint64_t first, uint64_t second)
{
	return (struct seccomp_data){ .nr = (int)number,
				      .arch = NATIVE,
				      .instruction_pointer = BPF_PLACE,
				      .args = { first, second } };
}

static uint32_t load(const struct seccomp_data *call, uint32_t offset)
{
	uint32_t word;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*call));
	memcpy(&word, (const uint8_t *)call + offset, sizeof(word));
	return word;
}

uint32_t bpf_judge(const struct filter *filter, const struct seccomp_data *call)
{
	uint32_t word = 0;

	for (unsigned at = 0; at < filter->count; at++) {
		const struct sock_filter *code = &filter->code[at];

		switch (code->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			word = load(call, code->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			word &= code->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += word == code->k ? code->jt : code->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += word > code->k ? code->jt : code->jf;
			break;
		case BPF_RET | BPF_K:
			return code->k;
		default:
			fail_msg("an instruction of no meaning: %#x", code->code);
		}
	}
	fail_msg("the filter ends without a verdict");
	return 0;
}
