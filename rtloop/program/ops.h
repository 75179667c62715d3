/* All operations: one list, which declares them and gives them numbers and names. */
#ifndef RTLOOP_PROGRAM_OPS_H
#define RTLOOP_PROGRAM_OPS_H

#include "rtloop/program/op.h"

#define PROGRAM_OPS(X)                                                                   \
	X(op_add_int)                                                                    \
	X(op_sub_int)                                                                    \
	X(op_mul_int)                                                                    \
	X(op_div_int)                                                                    \
	X(op_mod_int)                                                                    \
	X(op_neg_int)                                                                    \
	X(op_abs_int)                                                                    \
	X(op_add_float)                                                                  \
	X(op_sub_float)                                                                  \
	X(op_mul_float)                                                                  \
	X(op_div_float)                                                                  \
	X(op_neg_float)                                                                  \
	X(op_abs_float)                                                                  \
	X(op_sqrt)                                                                       \
	X(op_div_time)                                                                   \
	X(op_min_int)                                                                    \
	X(op_max_int)                                                                    \
	X(op_min_float)                                                                  \
	X(op_max_float)                                                                  \
	X(op_limit_int)                                                                  \
	X(op_limit_float)                                                                \
	X(op_eq_int)                                                                     \
	X(op_ne_int)                                                                     \
	X(op_lt_int)                                                                     \
	X(op_le_int)                                                                     \
	X(op_gt_int)                                                                     \
	X(op_ge_int)                                                                     \
	X(op_eq_float)                                                                   \
	X(op_ne_float)                                                                   \
	X(op_lt_float)                                                                   \
	X(op_le_float)                                                                   \
	X(op_gt_float)                                                                   \
	X(op_ge_float)                                                                   \
	X(op_and)                                                                        \
	X(op_or)                                                                         \
	X(op_xor)                                                                        \
	X(op_not)                                                                        \
	X(op_if)                                                                         \
	X(op_select)                                                                     \
	X(op_good)                                                                       \
	X(op_float_of_int)                                                               \
	X(op_round)                                                                      \
	X(op_trunc)                                                                      \
	X(op_floor)                                                                      \
	X(op_ceil)                                                                       \
	X(op_int_of_bool)                                                                \
	X(op_seconds)                                                                    \
	X(op_duration)                                                                   \
	X(op_bit)                                                                        \
	X(op_load_bool)                                                                  \
	X(op_load_int)                                                                   \
	X(op_load_float)                                                                 \
	X(op_age)                                                                        \
	X(op_dt)                                                                         \
	X(op_assign)                                                                     \
	X(op_store)                                                                      \
	X(block_r_trig)                                                                  \
	X(block_f_trig)                                                                  \
	X(block_sr)                                                                      \
	X(block_rs)                                                                      \
	X(block_ton)                                                                     \
	X(block_tof)                                                                     \
	X(block_tp)                                                                      \
	X(block_debounce)                                                                \
	X(block_ctu)                                                                     \
	X(block_ctd)                                                                     \
	X(block_ctud)                                                                    \
	X(block_hysteresis)                                                              \
	X(block_rate_limit)                                                              \
	X(block_lowpass)                                                                 \
	X(block_average)                                                                 \
	X(block_derivative)                                                              \
	X(block_integral)                                                                \
	X(block_pid)                                                                     \
	X(block_pwm)                                                                     \
	X(block_scale)                                                                   \
	X(block_lookup)

#define OPS_DECLARE(name) void name(struct frame *frame, const struct insn *insn) RT_SAFE;
PROGRAM_OPS(OPS_DECLARE)

#define OPS_NUMBER(name) number_of_##name,
enum op_number { OP_NONE, PROGRAM_OPS(OPS_NUMBER) OPS_END };

/* NUMBER(op_if) - as it stands in tables. */
#define NUMBER(name) number_of_##name

struct op_row {
	op_run *run;
	const char *name; /* it is part of a program's hash */
};

/* By enum op_number. */
extern const struct op_row op_rows[OPS_END];

#endif
