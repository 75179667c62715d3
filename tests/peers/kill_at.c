/* Runs a program and kills it at a moment; see -h. Shares no code with rtloop. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: kill_at MICROSECONDS COMMAND...\n"
	"       kill_at BYTES:FILE COMMAND...\n"
	"\n"
	"Runs COMMAND, its output to /dev/null, and sends it SIGKILL so long after its "
	"start, or as soon as\n"
	"FILE has more than so many bytes: that is, in the middle of a write.\n"
	"\n"
	"Prints how long it ran, in microseconds, and exits with 0 where it was killed, "
	"3 "
	"where it had ended\n"
	"before, 1 where it could not be run.\n";

struct moment {
	int64_t after_ns;
	const char *file; /* NULL: after_ns counts */
	int64_t bytes;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int parse(const char *text, struct moment *moment)
{
	char *end;
	int64_t number = strtoll(text, &end, 10);

	if (end == text || number < 0 || (*end && *end != ':')) {
		return -1;
	}
	moment->file = *end ? end + 1 : NULL;
	moment->bytes = number;
	moment->after_ns = number * 1000;
	return 0;
}

static bool has_come(const struct moment *moment, int64_t start_ns)
{
	struct stat info;

	if (!moment->file) {
		return now_ns() - start_ns >= moment->after_ns;
	}
	return stat(moment->file, &info) == 0 && info.st_size > moment->bytes;
}

/* Returns whether it has ended before. */
static bool wait_for(const struct moment *moment, int64_t start_ns, pid_t child,
		     int *status)
{
	while (!has_come(moment, start_ns)) {
		if (waitpid(child, status, WNOHANG) == child) {
			return true;
		}
		if (!moment->file) {
			usleep(20);
		}
	}
	kill(child, SIGKILL);
	waitpid(child, status, 0);
	return !WIFSIGNALED(*status);
}

static void become(char **command)
{
	int fd = open("/dev/null", O_RDWR);

	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	execv(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct moment moment;
	int64_t start_ns;
	bool has_ended;
	int status = 0;
	pid_t child;

	if (argc < 3 || parse(argv[1], &moment)) {
		fputs(usage, argc == 2 && strcmp(argv[1], "-h") == 0 ? stdout : stderr);
		return 1;
	}
	start_ns = now_ns();
	child = fork();
	if (child == 0) {
		become(argv + 2);
	}
	if (child < 0) {
		perror("kill_at: fork");
		return 1;
	}
	has_ended = wait_for(&moment, start_ns, child, &status);
	printf("%" PRId64 "\n", (now_ns() - start_ns) / 1000);
	if (has_ended && WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		fprintf(stderr, "kill_at: %s ended with status %d\n", argv[2],
			WEXITSTATUS(status));
		return 1;
	}
	return has_ended ? 3 : 0;
}
