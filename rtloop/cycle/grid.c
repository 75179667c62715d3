#include "rtloop/cycle/grid.h"

void grid_init(struct grid *grid, int64_t start_ns, const struct loop_options *options)
{
	*grid = (struct grid){
		.start_ns = start_ns,
		.period_ns = options->period_ns,
		.policy = (enum overrun_policy)options->overrun,
		.catch_up_max = (uint64_t)options->catch_up_max,
	};
}

int64_t grid_release_ns(const struct grid *grid, uint64_t release)
{
	return grid->start_ns + (int64_t)release * grid->period_ns;
}

bool grid_is_catching_up(const struct grid *grid)
{
	return grid->release < grid->catch_until;
}

int64_t grid_dt_ns(const struct grid *grid)
{
	uint64_t releases = grid->release - grid->previous;

	return (int64_t)(releases ? releases : 1) * grid->period_ns;
}

/* How many releases after the current one had come by @now_ns. */
static uint64_t passed(const struct grid *grid, int64_t now_ns)
{
	int64_t since_ns = now_ns - grid_release_ns(grid, grid->release);

	return since_ns < grid->period_ns ? 0 : (uint64_t)(since_ns / grid->period_ns);
}

static RARE struct grid_step advance_late(struct grid *grid, int64_t wake_ns,
					  int64_t done_ns)
{
	bool was_catching_up = grid_is_catching_up(grid);
	uint64_t late = passed(grid, wake_ns);
	uint64_t all = passed(grid, done_ns);
	uint64_t dropped = all;
	struct grid_step step = { 0 };

	if (was_catching_up) {
		step.is_long_work = done_ns - wake_ns >= grid->period_ns;
	} else {
		step.is_late_wake = late > 0;
		step.is_long_work = all > late;
	}
	step.must_stop =
		grid->policy == OVERRUN_STOP && (step.is_late_wake || step.is_long_work);
	if (grid->policy == OVERRUN_CATCH_UP) {
		/* a burst is bounded as a whole: what it may still run was fixed when it
		 * began */
		uint64_t may_run = was_catching_up ? grid->catch_until - grid->release - 1
						   : grid->catch_up_max;

		dropped = all > may_run ? all - may_run : 0;
		grid->catch_until = grid->release + 1 + all;
	}
	step.missed_late = was_catching_up ? 0 : (dropped < late ? dropped : late);
	step.missed_long = dropped - step.missed_late;
	grid->previous = grid->release;
	grid->release += 1 + dropped;
	return step;
}

/* In time, as in most cycles: then the next release is the next one. */
struct grid_step grid_advance(struct grid *grid, int64_t wake_ns, int64_t done_ns)
{
	if (grid_is_catching_up(grid) || passed(grid, done_ns) > 0) {
		return advance_late(grid, wake_ns, done_ns);
	}
	grid->previous = grid->release++;
	return (struct grid_step){ 0 };
}
