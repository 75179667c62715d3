/* Integral, PID, and the output that a heater's relay can follow. */
#include "rtloop/program/block.h"

/* integral(in, min, max, reset, start): words: whether it began, the sum */
OP(block_integral)
{
	const struct slot *in = ARG(0), *min = ARG(1), *max = ARG(2), *reset = ARG(3),
			  *start = ARG(4);
	uint64_t rest = min->worth | max->worth | reset->worth | start->worth;
	uint64_t worth = in->worth | rest;
	double sum = WORD(0) ? word_float(WORD(1)) : start->f;

	if (UNLIKELY(min->f > max->f)) {
		worth |= WORTH_BAD | WORTH_RANGE;
	} else if (is_good(rest)) {
		/* a reset needs no sensor */
		if (reset->i) {
			sum = start->f;
		} else if (is_good(in->worth)) {
			sum = to_finite(sum + in->f * frame->dt_s, &worth);
		}
		sum = clamp(sum, min->f, max->f);
		WORD(0) = 1;
		WORD(1) = float_word(sum);
	}
	put_float(DST, sum, worth);
}

/* The words of a PID controller. */
enum {
	PID_HAS_PV,   /* the last pv is of the cycle before */
	PID_INTEGRAL, /* in units of the output: a new ki does not move it */
	PID_PV,
	PID_DERIVATIVE, /* of pv, smoothed */
	PID_HAS_RUN,
	PID_KP,
	PID_ERROR,
	PID_OUT,
};

/* Its arguments. */
enum { SP, PV, KP, KI, KD, MIN, MAX, AUTO, MANUAL, TF };

static double follow_pv(struct frame *frame, const struct insn *insn, uint64_t *worth)
{
	double slope = 0.0;

	if (WORD(PID_HAS_PV)) {
		slope = (ARG(PV)->f - word_float(WORD(PID_PV))) / frame->dt_s;
		slope = smooth(frame, word_float(WORD(PID_DERIVATIVE)),
			       to_finite(slope, worth), ARG(TF)->i);
	}
	slope = to_finite(slope, worth);
	WORD(PID_HAS_PV) = 1;
	WORD(PID_PV) = float_word(ARG(PV)->f);
	WORD(PID_DERIVATIVE) = float_word(slope);
	return slope;
}

/* As much of the step as does not push the output past a limit: no wind-up. */
static double allowed_step(double step, double out, double min, double max)
{
	if (step > 0.0 && out + step > max) {
		return out < max ? max - out : 0.0;
	}
	if (step < 0.0 && out + step < min) {
		return out > min ? min - out : 0.0;
	}
	return step;
}

static double integrate(const struct frame *frame, const struct insn *insn, double error,
			double rest)
{
	double integral = word_float(WORD(PID_INTEGRAL));

	if (WORD(PID_HAS_RUN)) {
		/* a new kp does not move the output either */
		integral += (word_float(WORD(PID_KP)) - ARG(KP)->f) *
			    word_float(WORD(PID_ERROR));
	}
	return integral + allowed_step(ARG(KI)->f * error * frame->dt_s, integral + rest,
				       ARG(MIN)->f, ARG(MAX)->f);
}

/* Without integral action nothing could ever take up what bumpless changes put there. */
static double next_integral(const struct frame *frame, const struct insn *insn,
			    double error, double rest)
{
	if (ARG(KI)->f == 0.0) {
		return word_float(WORD(PID_INTEGRAL));
	}
	if (!ARG(AUTO)->i) {
		return clamp(ARG(MANUAL)->f, ARG(MIN)->f, ARG(MAX)->f) - rest;
	}
	return integrate(frame, insn, error, rest);
}

static void run_pid(struct frame *frame, const struct insn *insn, uint64_t worth)
{
	double error = to_finite(ARG(SP)->f - ARG(PV)->f, &worth);
	double slope = follow_pv(frame, insn, &worth);
	double rest = to_finite(ARG(KP)->f * error - ARG(KD)->f * slope, &worth);
	double integral = to_finite(next_integral(frame, insn, error, rest), &worth);
	double out = ARG(AUTO)->i ? integral + rest : ARG(MANUAL)->f;

	out = clamp(to_finite(out, &worth), ARG(MIN)->f, ARG(MAX)->f);
	WORD(PID_INTEGRAL) = float_word(integral);
	WORD(PID_HAS_RUN) = 1;
	WORD(PID_KP) = float_word(ARG(KP)->f);
	WORD(PID_ERROR) = float_word(error);
	WORD(PID_OUT) = float_word(out);
	put_float(DST, out, worth);
}

/*
 * pid(sp, pv, kp, ki, kd, min, max, auto, manual, tf), in parallel form:
 *   out = kp * (sp - pv) + sum of ki * (sp - pv) * dt - kd * d(pv)/dt
 */
OP(block_pid)
{
	uint64_t worth = worth_of_args(frame, insn);

	if (UNLIKELY(ARG(MIN)->f > ARG(MAX)->f)) {
		worth |= WORTH_BAD | WORTH_RANGE;
	}
	if (is_good(worth)) {
		run_pid(frame, insn, worth);
	} else {
		WORD(PID_HAS_PV) = 0;
		put_float(DST, word_float(WORD(PID_OUT)), worth);
	}
}

/* How long of a period the output is on. */
static int64_t on_time_ns(double duty, int64_t period_ns)
{
	if (duty >= 100.0) {
		return INT64_MAX;
	}
	return duty > 0.0 ? (int64_t)__builtin_rint(duty / 100.0 * (double)period_ns) : 0;
}

/* The words of a pwm. */
enum {
	PWM_HAS_BEGUN,
	PWM_PHASE,  /* time into the period */
	PWM_IS_OFF, /* until the next one */
	PWM_CYCLE,  /* shortest dt so far: that of a cycle, where no release was missed */
};

static int64_t next_phase(const struct frame *frame, const struct insn *insn)
{
	int64_t phase_ns = add_ns((int64_t)WORD(PWM_PHASE), frame->dt_ns);

	return WORD(PWM_HAS_BEGUN) && phase_ns > 0 ? phase_ns : 0;
}

static void note_cycle(const struct frame *frame, const struct insn *insn)
{
	if (!WORD(PWM_HAS_BEGUN) || (int64_t)WORD(PWM_CYCLE) > frame->dt_ns) {
		WORD(PWM_CYCLE) = (uint64_t)frame->dt_ns;
	}
	WORD(PWM_HAS_BEGUN) = 1;
}

/* pwm(duty, period) */
OP(block_pwm)
{
	const struct slot *duty = ARG(0), *period = ARG(1);
	uint64_t worth = duty->worth | period->worth;
	int64_t phase_ns = next_phase(frame, insn);

	if (UNLIKELY(period->i <= 0)) {
		put_int(DST, 0, worth | WORTH_BAD | WORTH_RANGE);
		return;
	}
	if (phase_ns >= period->i) {
		phase_ns %= period->i;
		WORD(PWM_IS_OFF) = 0;
	}
	note_cycle(frame, insn);
	WORD(PWM_PHASE) = (uint64_t)phase_ns;
	/* to the nearest cycle: on where half of this one is within the time */
	if (on_time_ns(duty->f, period->i) - phase_ns <
	    ((int64_t)WORD(PWM_CYCLE) + 1) / 2) {
		WORD(PWM_IS_OFF) = 1;
	}
	put_int(DST, !WORD(PWM_IS_OFF), worth);
}
