/*
 * Failure at every site; see the usage. This is the program rtloop itself, whose main() is taken over: for each
 * run a child is forked, in which one call fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sites/inject.h"
#include "tests/sites/scenario.h"

#define LIMIT_MS     60000 /* of one run: a machine may stand still for seconds */
#define STATUS_CRASH 99	   /* what the sanitizers end with */
#define STATUS_OPEN  97	   /* a descriptor was left open */
#define WORDS_MAX    16
#define TEXT_BYTES   16384
#define WORKERS_MAX  8

extern const char __executable_start; /* the linker's */

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "exitcode=99:allocator_may_return_null=1:detect_leaks=1";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "exitcode=99";
}

/* How one run ended. */
struct outcome {
	int status; /* as wait(2) has it */
	bool is_late;
	char out[TEXT_BYTES];
	char err[TEXT_BYTES];
	char file[TEXT_BYTES]; /* the beginning of the scenario's output */
	long file_bytes;       /* -1: it is not there */
};

struct harness {
	const char *folder;
	const char *plugin;
	const char *only; /* one scenario; NULL: all */
	unsigned workers;
	unsigned stride; /* each so manieth trial */
	bool is_chatty;
	bool is_short; /* one errno a site */

	unsigned worker; /* which this is */
	struct peers peers;
	struct trial *trial;  /* shared with children */
	struct outcome plain; /* of the scenario without a failure */
	struct outcome outcome;
	unsigned trials, unreached, failures;
};

static void quit(const char *what)
{
	fprintf(stderr, "sites: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- a child --------------------------------------------------------------------------------------- */

static unsigned count_open(char *ret_names, size_t bytes)
{
	unsigned count = 0;

	ret_names[0] = '\0';
	for (int fd = 3; fd < 256; fd++) {
		char path[32], target[200];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		if (length >= 0) {
			size_t used = strlen(ret_names);

			target[length] = '\0';
			snprintf(ret_names + used, bytes - used, " %d=%s", fd, target);
			count++;
		}
	}
	return count;
}

static void point(int fd, const char *path, int flags)
{
	int opened = open(path, flags, 0644);

	if (opened < 0 || dup2(opened, fd) < 0) {
		quit(path);
	}
	close(opened);
}

static void be_child(const struct harness *harness, const struct scenario *scenario)
{
	char *argv[WORDS_MAX + 1] = { "rtloop" };
	char names[4096];
	unsigned before, after;
	int argc = 1, status;

	for (; scenario->words[argc - 1]; argc++) {
		argv[argc] = (char *)scenario->words[argc - 1];
	}
	point(0, "/dev/null", O_RDONLY);
	point(1, "out", O_WRONLY | O_CREAT | O_TRUNC);
	point(2, "err", O_WRONLY | O_CREAT | O_TRUNC);
	before = count_open(names, sizeof(names));
	inject_begin(harness->trial);
	status = __real_main(argc, argv);
	inject_end();
	after = count_open(names, sizeof(names));
	if (after > before) {
		fprintf(stderr, "sites: left open:%s\n", names);
		status = STATUS_OPEN;
	}
	exit(status);
}

static long read_text(const char *path, char *text)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	size_t bytes;

	text[0] = '\0';
	if (!file) {
		return -1;
	}
	bytes = fread(text, 1, TEXT_BYTES - 1, file);
	text[bytes] = '\0';
	fstat(fileno(file), &status);
	fclose(file);
	return (long)status.st_size;
}

/* In which nothing fails: asks, or is there to be asked. */
static pid_t start_other(char *const *argv, int argc)
{
	pid_t pid = fork();

	if (pid == 0) {
		point(0, "/dev/null", O_RDONLY);
		point(1, "other.out", O_WRONLY | O_CREAT | O_APPEND);
		point(2, "other.err", O_WRONLY | O_CREAT | O_APPEND);
		_exit(__real_main(argc, (char **)argv));
	}
	return pid;
}

/* Whether it ended in time; it has ended in any case. */
static bool await(pid_t pid, int *ret_status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	bool is_in_time;

	if (fd < 0) {
		quit("pidfd_open");
	}
	is_in_time = poll(&poll_fd, 1, LIMIT_MS) > 0;
	close(fd);
	if (!is_in_time) {
		kill(pid, SIGKILL);
	}
	waitpid(pid, ret_status, 0);
	return is_in_time;
}

static void ask(const char *first, const char *second, const char *third)
{
	char *argv[] = { "rtloop", (char *)first, (char *)second, (char *)third, NULL };
	int status;

	await(start_other(argv, third ? 4 : 3), &status);
}

/* A run whose control socket failed goes on without. */
static bool runs_without(void)
{
	static char text[TEXT_BYTES];

	return read_text("err", text) > 0 && strstr(text, "runs without");
}

static bool has_socket(pid_t pid)
{
	for (int i = 0; i < LIMIT_MS / 2; i++) {
		siginfo_t info = { .si_pid = 0 };

		if (access("all.sock", F_OK) == 0) {
			return true;
		}
		if (i % 32 == 31 && runs_without()) {
			return false;
		}
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid) {
			return false;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return false;
}

static void ask_all(pid_t pid)
{
	if (has_socket(pid)) {
		ask("status", "all", NULL);
		ask("set", "all", "target=160");
		ask("force", "all", "wave.a=1");
		ask("get", "all", "wave.a");
		ask("reload", "all", NULL);
	}
	kill(pid, SIGINT);
}

/* --- one run --------------------------------------------------------------------------------------- */

static void remove_fresh(const struct scenario *scenario)
{
	char command[256];

	unlink("all.sock");
	if (scenario->fresh) {
		snprintf(command, sizeof(command), "rm -rf %s", scenario->fresh);
		if (system(command)) { /* NOLINT(cert-env33-c): of this file's own making */
			quit(command);
		}
	}
}

static void run_once(struct harness *harness, const struct scenario *scenario,
		     struct outcome *outcome)
{
	pid_t pid;

	if (!scenario->needs_run) {
		remove_fresh(scenario);
	}
	unlink("err");
	harness->trial->is_off = false;
	harness->trial->seen = 0;
	harness->trial->has_failed = false;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		be_child(harness, scenario);
	}
	if (scenario->is_asked) {
		ask_all(pid);
	}
	outcome->is_late = !await(pid, &outcome->status);
	read_text("out", outcome->out);
	read_text("err", outcome->err);
	outcome->file_bytes =
		scenario->output ? read_text(scenario->output, outcome->file) : -1;
	peers_drain(&harness->peers);
}

/* --- what is right --------------------------------------------------------------------------------- */

/* What is said in other words than strerror()'s. */
static bool names_reason(const char *text, const struct trial *trial)
{
	static const struct {
		int error;
		const char *words;
	} known[] = {
		{ ENOMEM, "memory" },		{ ENOMEM, "nothing left" },
		{ EAGAIN, "timed out" },	{ EADDRINUSE, "is served at" },
		{ EEXIST, "is already there" }, { ENOENT, "nothing runs" },
	};
	bool is_mapping = strcmp(site_functions[trial->function].name, "mmap64") == 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (trial->error == known[i].error && strstr(text, known[i].words)) {
			return true;
		}
	}
	/* all that is mapped is memory */
	return strstr(text, strerror(trial->error)) ||
	       (is_mapping && strstr(text, "memory"));
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return strcmp(a->out, b->out) == 0 && a->file_bytes == b->file_bytes;
}

/* NULL: nothing is wrong with it. */
static const char *judge(const struct harness *harness, const struct scenario *scenario,
			 const struct outcome *outcome)
{
	int status = WIFEXITED(outcome->status) ? WEXITSTATUS(outcome->status) : -1;
	int plain = WEXITSTATUS(harness->plain.status);

	if (outcome->is_late) {
		return "did not end";
	}
	if (status < 0) {
		return "was killed by a signal";
	}
	if (status == STATUS_CRASH) {
		return "was stopped by a sanitizer";
	}
	if (status == STATUS_OPEN) {
		return "left a descriptor open";
	}
	if (status > 6) {
		return "ended with a status that no manual page has";
	}
	if (status == plain) {
		return scenario->is_stable && !is_same(outcome, &harness->plain)
			       ? "ended as ever, but with another result"
			       : NULL;
	}
	if (outcome->err[0] == '\0' && outcome->out[0] == '\0') {
		return "failed without a word";
	}
	if (scenario->output && outcome->file_bytes >= 0 &&
	    outcome->file_bytes != harness->plain.file_bytes) {
		return "failed and left something in its output's place";
	}
	return names_reason(outcome->err, harness->trial) ||
			       names_reason(outcome->out, harness->trial)
		       ? NULL
		       : "failed without the reason";
}

static void print_text(const char *text)
{
	const char *end;

	for (unsigned i = 0; i < 30 && *text; i++) {
		end = strchrnul(text, '\n');
		printf("      | %.*s\n", (int)(end - text), text);
		text = *end ? end + 1 : end;
	}
}

static void tell(struct harness *harness, const struct scenario *scenario,
		 const struct site *site, const char *wrong)
{
	printf("%s  %s: %s fails with %s, call %u, from", wrong ? "FAIL" : "ok  ",
	       scenario->name, site_functions[site->function].name,
	       strerrorname_np(harness->trial->error), harness->trial->occurrence);
	for (unsigned i = 0; i < SITE_FRAMES; i++) {
		printf(" %#lx", site->frames[i] - (uintptr_t)&__executable_start - 1);
	}
	printf(": %s (status %d)\n", wrong ? wrong : "right",
	       WIFEXITED(harness->outcome.status) ? WEXITSTATUS(harness->outcome.status)
						  : -WTERMSIG(harness->outcome.status));
	print_text(harness->outcome.err);
}

static void try_one(struct harness *harness, const struct scenario *scenario,
		    const struct site *site)
{
	const char *wrong;

	run_once(harness, scenario, &harness->outcome);
	wrong = judge(harness, scenario, &harness->outcome);
	harness->trials++;
	harness->unreached += !harness->trial->has_failed;
	if (harness->is_chatty && !harness->trial->has_failed) {
		printf("not reached: ");
	}
	harness->failures += wrong != NULL;
	if (wrong || harness->is_chatty) {
		tell(harness, scenario, site, wrong);
	}
	fflush(stdout);
}

/* --- all sites ------------------------------------------------------------------------------------- */

/* The second call from a place comes when something is half done: once, with the first errno. */
static unsigned try_site(struct harness *harness, const struct scenario *scenario,
			 const struct site *site, unsigned number)
{
	const int *errors = site_functions[site->function].errors;
	unsigned occurrences = site->calls > 1 ? 2 : 1;

	for (unsigned occurrence = 1; occurrence <= occurrences; occurrence++) {
		for (unsigned i = 0; errors[i]; i++, number++) {
			harness->trial->function = site->function;
			harness->trial->chain = site->chain;
			harness->trial->occurrence = occurrence;
			harness->trial->error = errors[i];
			if (number % harness->workers == harness->worker &&
			    number / harness->workers % harness->stride == 0) {
				try_one(harness, scenario, site);
			}
			if (occurrence > 1 || harness->is_short) {
				number++;
				break;
			}
		}
	}
	return number;
}

static pid_t start_run(void)
{
	char *argv[] = { "rtloop",     "run",	   "-q", "--log-dir",
			 "other_logs", "all.yaml", NULL };
	pid_t pid = start_other(argv, 6);

	has_socket(pid);
	return pid;
}

static int order(const void *a, const void *b)
{
	const struct site *one = a, *two = b;

	if (one->function != two->function) {
		return one->function < two->function ? -1 : 1;
	}
	return one->chain < two->chain ? -1 : one->chain > two->chain;
}

/* The same in each worker: threads come to them in one order here, in another there. */
static unsigned record_sites(struct harness *harness, const struct scenario *scenario,
			     struct site *sites)
{
	struct trial *trial = harness->trial;

	trial->is_recording = true;
	trial->site_count = 0;
	run_once(harness, scenario, &harness->plain);
	trial->is_recording = false;
	memcpy(sites, trial->sites, trial->site_count * sizeof(*sites));
	qsort(sites, trial->site_count, sizeof(*sites), order);
	if (!WIFEXITED(harness->plain.status) || WEXITSTATUS(harness->plain.status) > 6 ||
	    harness->plain.is_late) {
		printf("FAIL  %s, in which nothing fails, ended with %#x\n",
		       scenario->name, (unsigned)harness->plain.status);
		print_text(harness->plain.err);
		harness->failures++;
		return 0;
	}
	return trial->site_count;
}

/* Whether it has been tried in another command. */
static bool is_known(const struct site *site)
{
	static struct site known[SITES_MAX];
	static unsigned count;

	for (unsigned i = 0; i < count; i++) {
		if (known[i].function == site->function &&
		    known[i].chain == site->chain) {
			return true;
		}
	}
	if (count < SITES_MAX) {
		known[count++] = *site;
	}
	return false;
}

static void try_scenario(struct harness *harness, const struct scenario *scenario)
{
	static struct site sites[SITES_MAX];
	struct timespec before, after;
	unsigned count, number = 0, fresh = 0, trials = harness->trials;
	unsigned unreached = harness->unreached;
	pid_t other = scenario->needs_run ? start_run() : 0;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &before);
	count = record_sites(harness, scenario, sites);
	for (unsigned i = 0; i < count; i++) {
		if (!is_known(&sites[i])) {
			number = try_site(harness, scenario, &sites[i], number);
			fresh++;
		}
	}
	if (other) {
		kill(other, SIGINT);
		await(other, &status);
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	if (harness->trials > trials) {
		printf("%-12s %u sites, %u of them new, %u failures of a call; here %u, "
		       "%u of which it "
		       "did not come to, in %ld s\n",
		       scenario->name, count, fresh, number, harness->trials - trials,
		       harness->unreached - unreached,
		       (long)(after.tv_sec - before.tv_sec));
		fflush(stdout);
	}
}

/* A log of a run, and its first two thirds. */
static void make_logs(void)
{
	static const char command[] = "cp logs/*.mcap base.mcap && head -c $(($(stat -c "
				      "%s base.mcap) * 2 / 3)) base.mcap >torn.mcap";
	char *argv[] = { "rtloop", "run", "-q", "-l", "300", "all.yaml", NULL };
	int status;

	await(start_other(argv, 6), &status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) ||
	    system(command)) { /* NOLINT(cert-env33-c): of this file's own making */
		quit("a log to read cannot be made");
	}
}

static int work(struct harness *harness)
{
	char folder[32];

	snprintf(folder, sizeof(folder), "%u", harness->worker);
	mkdir(folder, 0755);
	if (chdir(folder)) {
		quit(folder);
	}
	harness->trial = mmap(NULL, sizeof(*harness->trial), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (harness->trial == MAP_FAILED) {
		quit("shared memory");
	}
	peers_open(&harness->peers, harness->worker, harness->plugin);
	make_logs();
	for (unsigned i = 0; i < scenario_count; i++) {
		if (!harness->only || strcmp(harness->only, scenarios[i].name) == 0) {
			try_scenario(harness, &scenarios[i]);
		}
	}
	peers_close(&harness->peers);
	printf("worker %u: %u runs with a failure, %u of which did not come to it, %u "
	       "wrong\n",
	       harness->worker, harness->trials, harness->unreached, harness->failures);
	fflush(stdout);
	return harness->failures > 0 || harness->trials == 0;
}

static const char usage[] =
	"usage: sites [-j WORKERS] [-s STRIDE] [-1] [-v] [-o SCENARIO] FOLDER PLUGIN\n"
	"\n"
	"Run commands of rtloop again and again, in FOLDER; in each run one call of the "
	"kernel or the allocator\n"
	"fails, with an errno of its manual page. Each must end by itself, with a status "
	"of its manual page, say\n"
	"why where it fails, leave nothing open or allocated, and do as ever where it "
	"does not fail.\n"
	"\n"
	"  -j WORKERS   side by side (2)\n"
	"  -s STRIDE    only each so manieth (1)\n"
	"  -1           one errno for each site, not all\n"
	"  -o SCENARIO  only this one\n"
	"  -v           tell of each run\n";

static bool parse(struct harness *harness, int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "j:s:1vo:")) != -1) {
		switch (letter) {
		case 'j':
			harness->workers = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			harness->stride = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case '1':
			harness->is_short = true;
			break;
		case 'v':
			harness->is_chatty = true;
			break;
		case 'o':
			harness->only = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind + 2 != argc || harness->workers < 1 ||
	    harness->workers > WORKERS_MAX || harness->stride < 1) {
		return false;
	}
	harness->folder = argv[optind];
	harness->plugin = argv[optind + 1];
	optind = 1;
	return true;
}

int __wrap_main(int argc, char **argv)
{
	static struct harness harness = { .workers = 2, .stride = 1 };
	pid_t pids[WORKERS_MAX];
	int status, failed = 0;

	if (!parse(&harness, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (chdir(harness.folder)) {
		quit(harness.folder);
	}
	for (unsigned i = 0; i < harness.workers; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			harness.worker = i;
			_exit(work(&harness));
		}
	}
	for (unsigned i = 0; i < harness.workers; i++) {
		waitpid(pids[i], &status, 0);
		failed |= status != 0;
	}
	return failed;
}
