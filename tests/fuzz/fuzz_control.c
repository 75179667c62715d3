/*
 * The control socket of a run, as a peer that is not to be trusted sees it: the input is what it sends, cut at bytes 0
 * into requests of a connection each; the run makes a cycle between two looks of the supervisor.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtloop/app.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/live.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/setup.h"
#include "tests/fuzz/fuzz.h"

#define LOOKS	 4
#define REQUESTS 8

static const char yaml[] =
	"loop: { period: 1ms }\n"
	"devices:\n"
	"  sim: { driver: sim, in: { level: { wave: sine, period: 1s }, on: { wave: "
	"square, period: 1s, type: bool } } }\n"
	"params: { target: { value: 20.0, min: 0, max: 200 }, n: { value: 3 }, on: { "
	"value: true }, t: { value: 2s } }\n"
	"vars: { seen: 0.0 }\n"
	"program: |\n"
	"  seen := if on and sim.on then target + n + sim.level else 0.0\n";

static char folder[] = "/dev/shm/rtloop-fuzz-XXXXXX";
static char config[64];

struct run {
	struct diag diag;
	struct setup *setup;
	struct app *app;
	struct live live;
};

static void leave(void)
{
	unlink(config);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	FILE *stream;

	(void)argc;
	(void)argv;
	FUZZ_CHECK(mkdtemp(folder) != NULL);
	setenv("RUNTIME_DIRECTORY", folder, 1);
	snprintf(config, sizeof(config), "%s/oven.yaml", folder);
	stream = fopen(config, "we");
	FUZZ_CHECK(stream != NULL && fputs(yaml, stream) >= 0);
	fclose(stream);
	atexit(leave);
	return 0;
}

static void begin(struct run *run)
{
	struct err err;

	memset(run, 0, sizeof(*run));
	diag_init(&run->diag, config);
	FUZZ_CHECK(setup_load(config, &run->setup, &run->diag) == 0);
	FUZZ_CHECK(app_create(&run->app, run->setup, "1", &err) == 0);
	grid_init(&run->app->loop.grid, NS_PER_SEC, &run->setup->loop);
	FUZZ_CHECK(live_open(&run->live, run->app, config, &err) == 0);
}

static void end(struct run *run)
{
	live_close(&run->live);
	app_destroy(run->app);
	setup_destroy(run->setup);
	diag_fini(&run->diag);
}

/* One object; or, of `report`, text. */
static void check_reply(const char *text, size_t bytes)
{
	unsigned depth = 0;
	bool is_object = text[0] == '{', is_text = false;

	FUZZ_CHECK(bytes > 2 && text[bytes - 1] == '\n');
	for (size_t i = 0; i < bytes; i++) {
		FUZZ_CHECK((unsigned char)text[i] >= ' ' ||
			   (text[i] == '\n' && !is_text));
		if (!is_object) {
			continue;
		}
		if (is_text && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			is_text = !is_text;
		} else if (!is_text && (text[i] == '{' || text[i] == '[')) {
			depth++;
		} else if (!is_text && (text[i] == '}' || text[i] == ']')) {
			FUZZ_CHECK(depth > 0);
			depth--;
		}
	}
	FUZZ_CHECK(!is_text && depth == 0);
}

static void ask(struct run *run, const uint8_t *data, size_t bytes)
{
	struct loop *loop = &run->app->loop;
	static char reply[1 << 20];
	int fd = control_connect(run->app->super.control.path);
	ssize_t got;

	FUZZ_CHECK(fd >= 0);
	if (send(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
	    send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		close(fd);
		return;
	}
	for (unsigned look = 0; look < LOOKS; look++) {
		control_serve(&run->app->super.control, 0);
		FUZZ_CHECK(cycle_run(loop,
				     grid_release_ns(&loop->grid, loop->grid.release)));
	}
	got = recv(fd, reply, sizeof(reply), MSG_DONTWAIT);
	if (got > 0) {
		check_reply(reply, (size_t)got);
	}
	close(fd);
	control_serve(&run->app->super.control, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct run run;

	begin(&run);
	for (unsigned i = 0; i < REQUESTS; i++) {
		const uint8_t *zero = memchr(data, '\0', bytes);
		size_t length = zero ? (size_t)(zero - data) : bytes;

		ask(&run, data, length);
		if (!zero) {
			break;
		}
		data += length + 1;
		bytes -= length + 1;
	}
	end(&run);
	return 0;
}
