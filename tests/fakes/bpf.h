/* The kernel's part: what a filter says to a call. */
#ifndef TESTS_FAKES_BPF_H
#define TESTS_FAKES_BPF_H

#include <linux/seccomp.h>
#include <stdint.h>

#include "rtloop/base/filter.h"

/* A call of this machine, from a place that is no gate. */
#define BPF_PLACE UINT64_C(0x123456789a)

struct seccomp_data bpf_call(long number, uint64_t first, uint64_t second);

/* SECCOMP_RET_... of it; the test fails where the filter is no program. */
uint32_t bpf_judge(const struct filter *filter, const struct seccomp_data *call);

#endif
