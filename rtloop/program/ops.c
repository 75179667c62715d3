#include "rtloop/program/ops.h"

#define OPS_ROW(name) [number_of_##name] = { name, #name },

const struct op_row op_rows[OPS_END] = { PROGRAM_OPS(OPS_ROW) };
