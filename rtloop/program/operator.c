#include "rtloop/program/compiler.h"

/* OP_NONE where it does not take that type. */
struct operator_row {
	enum token_kind token;
	unsigned precedence;
	bool gives_bool;
	uint16_t of_bool, of_int, of_float, of_time;
	const char *takes;
};

static const char takes_bools[] = "bools";
static const char takes_ordered[] = "two numbers or two durations";

static const struct operator_row rows[] = {
	{ TOKEN_OR, 1, true, NUMBER(op_or), OP_NONE, OP_NONE, OP_NONE, takes_bools },
	{ TOKEN_XOR, 2, true, NUMBER(op_xor), OP_NONE, OP_NONE, OP_NONE, takes_bools },
	{ TOKEN_AND, 3, true, NUMBER(op_and), OP_NONE, OP_NONE, OP_NONE, takes_bools },
	{ TOKEN_EQ, 4, true, NUMBER(op_eq_int), NUMBER(op_eq_int), NUMBER(op_eq_float),
	  NUMBER(op_eq_int), "two values of one type" },
	{ TOKEN_NE, 4, true, NUMBER(op_ne_int), NUMBER(op_ne_int), NUMBER(op_ne_float),
	  NUMBER(op_ne_int), "two values of one type" },
	{ TOKEN_LT, 5, true, OP_NONE, NUMBER(op_lt_int), NUMBER(op_lt_float),
	  NUMBER(op_lt_int), takes_ordered },
	{ TOKEN_LE, 5, true, OP_NONE, NUMBER(op_le_int), NUMBER(op_le_float),
	  NUMBER(op_le_int), takes_ordered },
	{ TOKEN_GT, 5, true, OP_NONE, NUMBER(op_gt_int), NUMBER(op_gt_float),
	  NUMBER(op_gt_int), takes_ordered },
	{ TOKEN_GE, 5, true, OP_NONE, NUMBER(op_ge_int), NUMBER(op_ge_float),
	  NUMBER(op_ge_int), takes_ordered },
	{ TOKEN_PLUS, 6, false, OP_NONE, NUMBER(op_add_int), NUMBER(op_add_float),
	  NUMBER(op_add_int), takes_ordered },
	{ TOKEN_MINUS, 6, false, OP_NONE, NUMBER(op_sub_int), NUMBER(op_sub_float),
	  NUMBER(op_sub_int), takes_ordered },
	{ TOKEN_TIMES, 7, false, OP_NONE, NUMBER(op_mul_int), NUMBER(op_mul_float),
	  OP_NONE, "two numbers, or a duration and an integer" },
	{ TOKEN_OVER, 7, false, OP_NONE, OP_NONE, NUMBER(op_div_float),
	  NUMBER(op_div_time), takes_ordered },
	{ TOKEN_DIV, 7, false, OP_NONE, NUMBER(op_div_int), OP_NONE, OP_NONE,
	  "two integers" },
	{ TOKEN_MOD, 7, false, OP_NONE, NUMBER(op_mod_int), OP_NONE, OP_NONE,
	  "two integers" },
};

static const struct operator_row *find_row(enum token_kind token)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].token == token) {
			return &rows[i];
		}
	}
	return NULL;
}

unsigned operator_precedence(enum token_kind token)
{
	const struct operator_row *row = find_row(token);

	return row ? row->precedence : 0;
}

static uint16_t op_of(const struct operator_row *row, enum program_type type)
{
	const uint16_t ops[] = {
		[TYPE_BOOL] = row->of_bool,
		[TYPE_INT] = row->of_int,
		[TYPE_FLOAT] = row->of_float,
		[TYPE_TIME] = row->of_time,
	};

	return ops[type];
}

static bool is_number(enum program_type type)
{
	return type == TYPE_INT || type == TYPE_FLOAT;
}

/* An integer beside a float becomes one; one that is divided too: 7 / 2 is 3.5. */
static void unify(struct compiler *compiler, struct operand *left, struct operand *right,
		  bool is_division)
{
	if (!is_number(left->type) || !is_number(right->type) ||
	    (left->type == right->type && !is_division)) {
		return;
	}
	if (left->type == TYPE_INT) {
		compiler_widen(compiler, left);
	}
	if (right->type == TYPE_INT) {
		compiler_widen(compiler, right);
	}
}

static enum program_type result_type(const struct operator_row *row,
				     const struct operand *left)
{
	if (row->gives_bool) {
		return TYPE_BOOL;
	}
	return row->token == TOKEN_OVER ? TYPE_FLOAT : left->type;
}

static bool is_scaled_time(const struct operator_row *row, const struct operand *left,
			   const struct operand *right)
{
	return row->token == TOKEN_TIMES &&
	       ((left->type == TYPE_TIME && right->type == TYPE_INT) ||
		(left->type == TYPE_INT && right->type == TYPE_TIME));
}

static void binary_error(struct compiler *compiler, const struct pending *pending,
			 const struct operator_row *row, const struct operand *left,
			 const struct operand *right)
{
	bool is_chain = row->precedence == 5 && left->type == TYPE_BOOL &&
			right->type != TYPE_BOOL;

	compiler_error(compiler, pending->span,
		       "'%s' takes %s; here it stands between %s and %s%s",
		       token_text(row->token), row->takes, compiler_type(left->type),
		       compiler_type(right->type),
		       is_chain ? ": write a < b < c as a < b and b < c" : "");
}

static void apply_binary(struct compiler *compiler, const struct pending *pending)
{
	const struct operator_row *row = find_row(pending->token);
	struct operand *left = &compiler->operands[compiler->operand_count - 2];
	const struct operand given = *left;
	const struct operand *last = &compiler->operands[compiler->operand_count - 1];
	struct operand right = *last;
	uint16_t op;

	unify(compiler, left, &right, row->token == TOKEN_OVER);
	op = left->type == right.type ? op_of(row, left->type) : (uint16_t)OP_NONE;
	if (is_scaled_time(row, left, &right)) {
		op = NUMBER(op_mul_int);
		left->type = TYPE_TIME;
	}
	if (op == OP_NONE) {
		binary_error(compiler, pending, row, &given, last);
		return;
	}
	left->slot = builder_op(&compiler->builder, (enum op_number)op, left->slot,
				right.slot, right.slot);
	left->type = result_type(row, left);
	left->span.end = right.span.end;
	left->symbol = NO_SYMBOL;
	compiler->operand_count--;
}

static enum op_number unary_op(enum token_kind token, enum program_type type)
{
	if (token == TOKEN_NOT) {
		return type == TYPE_BOOL ? NUMBER(op_not) : OP_NONE;
	}
	return type == TYPE_FLOAT  ? NUMBER(op_neg_float)
	       : type == TYPE_BOOL ? OP_NONE
				   : NUMBER(op_neg_int);
}

static void apply_unary(struct compiler *compiler, const struct pending *pending)
{
	struct operand *operand = &compiler->operands[compiler->operand_count - 1];
	enum op_number op = unary_op(pending->token, operand->type);

	if (op == OP_NONE) {
		compiler_error(compiler, pending->span,
			       "'%s' takes %s; here it stands before %s",
			       token_text(pending->token),
			       pending->token == TOKEN_NOT ? "a bool"
							   : "a number or a duration",
			       compiler_type(operand->type));
		return;
	}
	if (pending->token != TOKEN_PLUS) {
		operand->slot = builder_op(&compiler->builder, op, operand->slot,
					   operand->slot, operand->slot);
	}
	operand->span.offset = pending->span.offset;
	operand->symbol = NO_SYMBOL;
}

/* if c then a else b: all three are computed, whatever c is. */
static void apply_if(struct compiler *compiler, const struct pending *pending)
{
	struct operand *condition = &compiler->operands[compiler->operand_count - 3];
	struct operand yes = compiler->operands[compiler->operand_count - 2];
	struct operand no = compiler->operands[compiler->operand_count - 1];

	unify(compiler, &yes, &no, false);
	if (condition->type != TYPE_BOOL) {
		compiler_error(compiler, condition->span,
			       "the condition after 'if' is %s; expected a bool",
			       compiler_type(condition->type));
		return;
	}
	if (yes.type != no.type) {
		compiler_error(compiler, pending->span,
			       "'then' gives %s, and 'else' %s; expected one type",
			       compiler_type(yes.type), compiler_type(no.type));
		return;
	}
	condition->slot = builder_op(&compiler->builder, NUMBER(op_if), condition->slot,
				     yes.slot, no.slot);
	condition->type = yes.type;
	condition->span.end = no.span.end;
	condition->symbol = NO_SYMBOL;
	compiler->operand_count -= 2;
}

void operator_apply(struct compiler *compiler, const struct pending *pending)
{
	if (compiler->has_failed) {
		return;
	}
	if (pending->kind == PENDING_UNARY) {
		apply_unary(compiler, pending);
	} else if (pending->kind == PENDING_BINARY) {
		apply_binary(compiler, pending);
	} else {
		apply_if(compiler, pending);
	}
	if (!compiler->has_failed) {
		compiler_check_constants(
			compiler, compiler->operands[compiler->operand_count - 1].span);
	}
}
