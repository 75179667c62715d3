#include "tests/sim/scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/app.h"
#include "rtloop/base/time.h"
#include "tests/sim/crash.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/fds.h"
#include "tests/sim/judge.h"
#include "tests/sim/kernel.h"
#include "tests/sim/people.h"
#include "tests/sim/plan.h"
#include "tests/sim/port.h"
#include "tests/sim/readback.h"
#include "tests/sim/sched.h"
#include "tests/sim/world.h"

#define START_NS (1000 * NS_PER_SEC)

static struct {
	struct plan plan;
	struct peer peers[PLAN_DEVICES_MAX];
	struct scene_result result;
} scene;

static struct setup *read_configuration(void)
{
	struct setup *setup = NULL;
	struct diag diag;

	diag_init(&diag, "config.yaml");
	if (setup_parse(scene.plan.text, strlen(scene.plan.text), "/sim", &setup,
			&diag)) {
		diag_print(&diag, stderr);
		sim_fail("the configuration is wrong:\n%s", scene.plan.text);
	}
	diag_fini(&diag);
	return setup;
}

static void begin_world(void)
{
	world_begin();
	fds_begin();
	kernel_begin();
	kernel_set_privileged(scene.plan.is_privileged);
	kernel_set_latency(scene.plan.wake_max_ns);
	sched_set_preemption(scene.plan.preempt_calls);
	disk_begin(scene.plan.disk_bytes);
	crash_begin();
	disk_make_folder("/log");
	disk_put("/proc/sys/kernel/random/boot_id", "01234567-89ab", 13);
	for (unsigned i = 0; i < scene.plan.device_count; i++) {
		peer_begin(&scene.peers[i], &scene.plan.devices[i], i);
	}
	ports_begin(scene.peers, scene.plan.device_count);
}

static int run_app(struct app *app)
{
	struct err err = { "" };
	int code;

	judge_begin(app, &scene.plan, scene.peers);
	people_begin(&scene.plan, app);
	faults_begin(&scene.plan, scene.peers);
	kernel_at_edge = judge_edge;
	kernel_at_rest = people_look;
	code = app_start(app, false, &err);
	if (code) {
		/* a disk that refuses from the start is told at once */
		sim_say("did not start: %s", err.text);
		SIM_CHECK(strstr(err.text, "log"), "did not start: %s", err.text);
		return code;
	}
	code = app_run(app, &err);
	judge_edge();
	kernel_at_edge = NULL;
	kernel_at_rest = NULL;
	sim_note(NOTE_END, (int64_t)app->loop.cycle, loop_state(&app->loop));
	sim_say("ended: %s", err.text);
	judge_end();
	readback_check(app, &scene.plan, code);
	if (!faults_spoiled_log()) {
		crash_check();
	}
	return code;
}

static void count_result(const struct app *app)
{
	const struct stats *stats = &app->loop.stats;
	struct scene_result *result = &scene.result;

	result->cycles = counter_get(&stats->cycles);
	result->faults = faults_count();
	result->overruns =
		counter_get(&stats->late_wakes) + counter_get(&stats->long_works);
	result->missed = counter_get(&stats->missed);
	result->in_gaps = counter_get(&app->recorder.cycles_dropped) +
			  counter_get(&app->logger.cycles_lost);
	result->log_failures = counter_get(&app->logger.failures);
	for (unsigned i = 0; i < app->device_count; i++) {
		result->lost += counter_get(&app->devices[i].counts[COUNT_LOST]);
	}
}

static void check_nothing_left(void)
{
	SIM_CHECK(fds_count() == 0, "%u descriptors are left open, the first is %s",
		  fds_count(), fds_first());
	SIM_CHECK(sched_threads() == 0, "%u threads are left", sched_threads());
}

/* The program's main thread. */
static void run_main(void *arg)
{
	struct setup *setup;
	struct app *app = NULL;
	struct err err = { "" };

	(void)arg;
	begin_world();
	setup = read_configuration();
	if (app_create(&app, setup, "sim", &err)) {
		sim_fail("%s", err.text);
	}
	run_app(app);
	count_result(app);
	app_destroy(app);
	setup_destroy(setup);
	check_nothing_left();
}

struct scene_result scene_run(uint64_t seed, const struct sim_options *options)
{
	scene.result = (struct scene_result){ .cycles = 0 };
	sim_begin(seed, options);
	plan_draw(&scene.plan);
	if (sim_is_traced()) {
		printf("%s\n", scene.plan.text);
	}
	sched_run(START_NS, run_main, NULL);
	scene.result.hash = sim_hash();
	return scene.result;
}
