/*
 * A debugger, as far as the program that it stops can tell: stops all threads of a process by ptrace, says so, and
 * lets them go on when its input ends.
 *
 * usage: debugger PID
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 64

static pid_t threads[THREADS_MAX];
static unsigned count;

/* One that has ended meanwhile has stopped too. */
static int stop_thread(pid_t thread)
{
	int status;

	if (count == THREADS_MAX) {
		return -1;
	}
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) ||
	    waitpid(thread, &status, __WALL) < 0) {
		return errno == ESRCH ? 0 : -1;
	}
	threads[count++] = thread;
	return 0;
}

static int stop_all(const char *pid)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;
	int code = 0;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && code == 0 && (entry = readdir(tasks))) {
		if (entry->d_name[0] != '.') {
			code = stop_thread((pid_t)strtol(entry->d_name, NULL, 10));
		}
	}
	if (!tasks) {
		return -1;
	}
	closedir(tasks);
	return count > 0 ? code : -1;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc != 2 || stop_all(argv[1])) {
		fprintf(stderr, "debugger: %s\n", strerror(errno));
		return 1;
	}
	puts("stopped");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
	for (unsigned i = 0; i < count; i++) {
		ptrace(PTRACE_DETACH, threads[i], NULL, NULL);
	}
	return 0;
}
