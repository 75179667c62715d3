/* Which runs there are, by their sockets. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "config/value.h"
#include "rtloop/base/sys.h"
#include "rtloop/cmd/client.h"

#define RUNS_MAX 64

static const struct client_kind kind_run = { .suffix = CONTROL_SUFFIX,
					     .noun = "run",
					     .none = "nothing runs" };

struct runs {
	const char *suffix;
	char names[RUNS_MAX][VALUE_NAME_MAX + 1];
	char paths[RUNS_MAX][CONTROL_PATH_BYTES];
	unsigned count;
	int code; /* why the last folder that there is could not be read; 0 */
};

/* What a run has left behind does not count; one that cannot be asked for another reason does. */
static bool is_served(const char *path)
{
	int fd = control_connect(path);

	sys_close(fd);
	return fd != -ECONNREFUSED && fd != -ENOENT;
}

static void add_run(struct runs *runs, const char *folder, const char *file)
{
	const char *suffix = strstr(file, runs->suffix);
	char *name = runs->names[runs->count];
	char *path = runs->paths[runs->count];

	if (!suffix || strcmp(suffix, runs->suffix) != 0) {
		return;
	}
	snprintf(name, sizeof(runs->names[0]), "%.*s", (int)(suffix - file), file);
	if (value_is_name(name) && snprintf(path, CONTROL_PATH_BYTES, "%s/%s", folder,
					    file) < (int)CONTROL_PATH_BYTES) {
		runs->count += is_served(path);
	}
}

static void list_folder(struct runs *runs, const char *folder)
{
	DIR *open_folder = opendir(folder);
	const struct dirent *entry;

	while (open_folder && runs->count < RUNS_MAX && (entry = readdir(open_folder))) {
		add_run(runs, folder, entry->d_name);
	}
	if (open_folder) {
		closedir(open_folder);
	} else if (errno != ENOENT) {
		runs->code = -errno;
	}
}

static void list_runs(struct runs *runs, const struct client_kind *kind)
{
	char folder[CONTROL_PATH_BYTES];

	runs->suffix = kind->suffix;
	runs->count = 0;
	runs->code = 0;
	for (unsigned i = 0; control_folder(i, folder) == 0; i++) {
		list_folder(runs, folder);
	}
}

static void print_names(const struct runs *runs)
{
	for (unsigned i = 0; i < runs->count; i++) {
		fprintf(stderr, "%s%s", i > 0 ? ", " : "", runs->names[i]);
	}
	fputc('\n', stderr);
}

static const struct client_kind *kind_of(const struct client *client)
{
	return client->kind ? client->kind : &kind_run;
}

static int none_runs(const struct client *client, const struct runs *runs)
{
	char folder[CONTROL_PATH_BYTES];

	fprintf(stderr, "rtloop %s: %s; looked in", client->command->name,
		kind_of(client)->none);
	for (unsigned i = 0; control_folder(i, folder) == 0; i++) {
		fprintf(stderr, "%s %s", i > 0 ? " and" : "", folder);
	}
	if (runs->code) {
		fprintf(stderr, ", of which one cannot be read: %s",
			strerror(-runs->code));
	}
	fputc('\n', stderr);
	return EXIT_FAILED;
}

static int take(struct client *client, const struct runs *runs, unsigned index)
{
	snprintf(client->path, sizeof(client->path), "%s", runs->paths[index]);
	return EXIT_OK;
}

static int take_only(struct client *client, const struct runs *runs)
{
	if (runs->count == 1) {
		return take(client, runs, 0);
	}
	fprintf(stderr, "rtloop %s: which one? ", client->command->name);
	print_names(runs);
	return EXIT_USAGE;
}

static int take_named(struct client *client, const struct runs *runs, const char *name)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; i < runs->count; i++) {
		if (strcmp(runs->names[i], name) == 0) {
			return take(client, runs, i);
		}
		suggest_offer(&suggest, runs->names[i]);
	}
	if (suggest.best) {
		fprintf(stderr, "rtloop %s: no %s '%s'; did you mean '%s'? ",
			client->command->name, kind_of(client)->noun, name, suggest.best);
	} else {
		fprintf(stderr, "rtloop %s: no %s '%s'; ", client->command->name,
			kind_of(client)->noun, name);
	}
	fputs("there are: ", stderr);
	print_names(runs);
	return EXIT_FAILED;
}

static int take_path(struct client *client, const char *path)
{
	if (strlen(path) >= sizeof(client->path)) {
		return command_wrong(client->command,
				     "'%s' is too long for a socket's path", path);
	}
	snprintf(client->path, sizeof(client->path), "%s", path);
	return EXIT_OK;
}

int client_find(struct client *client, const char *name)
{
	struct runs *runs;
	int status;

	if (name && strchr(name, '/')) {
		return take_path(client, name);
	}
	runs = calloc(1, sizeof(*runs));
	if (!runs) {
		return command_wrong(client->command, "out of memory");
	}
	list_runs(runs, kind_of(client));
	if (runs->count == 0) {
		status = none_runs(client, runs);
	} else {
		status = name ? take_named(client, runs, name) : take_only(client, runs);
	}
	free(runs);
	return status;
}

bool client_is_no_run(const char *word)
{
	struct runs *runs = calloc(1, sizeof(*runs));
	bool is_none = false;

	if (runs && !strchr(word, '/')) {
		list_runs(runs, &kind_run);
		is_none = runs->count == 1 && strcmp(runs->names[0], word) != 0;
	}
	free(runs);
	return is_none;
}

bool client_is_name(const char *word)
{
	return strchr(word, '/') || !strpbrk(word, ".=");
}
