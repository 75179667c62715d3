#include "rtloop/cmd/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "config/value.h"
#include "rtloop/base/sys.h"
#include "rtloop/super/control.h"

/* A run whose supervisor is held up, by a device that takes long to open, may take a while. */
#define REPLY_TIME_S 60

static void say(struct client *client, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct client *client, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (client->is_quiet) {
		vsnprintf(client->said, sizeof(client->said), format, args);
	} else {
		/* whole: a reload that is refused lists each place that needs a restart */
		fprintf(stderr, "rtloop %s: ", client->command->name);
		vfprintf(stderr, format, args);
		fputc('\n', stderr);
	}
	va_end(args);
}

static int complain(struct client *client, const char *what, int code)
{
	say(client, "%s: %s: %s", client->path, what, strerror(-code));
	return EXIT_FAILED;
}

/* The run may have had enough before all of it is sent: then its reply says why. */
static int send_line(int fd, const char *line)
{
	size_t sent = 0, bytes = strlen(line);
	ssize_t n;

	while (sent < bytes) {
		n = send(fd, line + sent, bytes - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_all(int fd, struct client_reply *reply)
{
	FILE *all = open_memstream(&reply->text, &reply->bytes);
	char part[16384];
	ssize_t bytes = 1;
	int code = 0;

	if (!all) {
		return -ENOMEM;
	}
	while (bytes > 0) {
		bytes = recv(fd, part, sizeof(part), 0);
		if (bytes < 0 && errno == EINTR) {
			bytes = 1;
		} else if (bytes > 0) {
			fwrite(part, 1, (size_t)bytes, all);
		} else if (bytes < 0) {
			code = errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
	}
	return fclose(all) ? -ENOMEM : code;
}

static int exchange(struct client *client, const char *line, struct client_reply *reply)
{
	const struct timeval limit = { .tv_sec = client->reply_limit_s
							 ? client->reply_limit_s
							 : REPLY_TIME_S };
	int fd = control_connect(client->path);
	int sent, code;

	if (fd < 0) {
		return complain(client, "cannot ask", fd);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	sent = send_line(fd, line);
	/* where not even that it was refused can come, nobody waits for it */
	code = sent && sent != -EPIPE ? sent : read_all(fd, reply);
	sys_close(fd);
	if (code == 0 && reply->bytes == 0) {
		code = sent ? sent : -ECONNRESET;
	}
	return code ? complain(client, "no reply", code) : EXIT_OK;
}

static char *make_line(const char *verb, char *const *words, unsigned word_count)
{
	char *line = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&line, &bytes);

	if (!out) {
		return NULL;
	}
	fputs(verb, out);
	for (unsigned i = 0; i < word_count; i++) {
		fprintf(out, " %s", words[i]);
	}
	fputc('\n', out);
	if (fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}

/* A space or a line's end in a word would make it two. */
static const char *find_unfit(char *const *words, unsigned word_count)
{
	for (unsigned i = 0; i < word_count; i++) {
		if (strpbrk(words[i], " \r\n") || !words[i][0]) {
			return words[i];
		}
	}
	return NULL;
}

static int refused(struct client *client, const struct client_reply *reply)
{
	int status = (int)client_number(reply->tree.root, "exit_status");

	say(client, "%s", client_text(reply->tree.root, "error"));
	return status == EXIT_OK ? EXIT_FAILED : status;
}

/* JSON is YAML. */
static int parse_reply(struct client *client, struct client_reply *reply)
{
	struct diag diag;
	int code;

	if (reply->text[0] != '{') {
		return EXIT_OK;
	}
	diag_init(&diag, client->path);
	code = tree_parse(&reply->tree, reply->text, reply->bytes, "/", &diag);
	diag_fini(&diag);
	if (code) {
		return complain(client, "cannot make out the reply", code);
	}
	reply->has_tree = true;
	return client_is(reply->tree.root, "ok") ? EXIT_OK : refused(client, reply);
}

int client_ask(struct client *client, const char *verb, char *const *words,
	       unsigned word_count, struct client_reply *ret_reply)
{
	const char *unfit = find_unfit(words, word_count);
	struct client_reply reply = { .text = NULL };
	char *line;
	int status;

	if (unfit) {
		return command_wrong(client->command,
				     "'%s' has a space in it, or nothing", unfit);
	}
	line = make_line(verb, words, word_count);
	status = line ? exchange(client, line, &reply)
		      : complain(client, "cannot ask", -ENOMEM);
	free(line);
	if (status == EXIT_OK) {
		status = parse_reply(client, &reply);
	}
	if (status != EXIT_OK) {
		client_free(&reply);
		return status;
	}
	*ret_reply = reply;
	return EXIT_OK;
}

void client_free(struct client_reply *reply)
{
	if (reply->has_tree) {
		tree_fini(&reply->tree);
	}
	free(reply->text);
	*reply = (struct client_reply){ .text = NULL };
}

void client_print_change(const struct client_reply *reply)
{
	const struct node *root = reply->tree.root;
	double changed = client_number(root, "changed");
	double forced = client_number(root, "forced");

	if (changed > 0) {
		printf("%s: %.0f changed, in effect from cycle %s on",
		       client_text(root, "loop"), changed, client_text(root, "cycle"));
	} else {
		printf("%s: nothing to change", client_text(root, "loop"));
	}
	if (forced > 0) {
		printf("; %.0f FORCED", forced);
	}
	putchar('\n');
}

const char *client_text(const struct node *object, const char *member)
{
	const struct node *node = node_child(object, member);

	return node && node->kind == NODE_SCALAR ? node->text : "";
}

double client_number(const struct node *object, const char *member)
{
	double value = 0;

	return value_parse_float(client_text(object, member), &value) ? 0 : value;
}

bool client_is(const struct node *object, const char *member)
{
	return strcmp(client_text(object, member), "true") == 0;
}

int client_run(const struct command *command, int argc, char **argv,
	       int (*ask)(struct client *client, bool wants_json))
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct client client = { .command = command };
	bool wants_json = false;
	const char *argument;
	int option, status;

	while ((option = command_next(&line, &argument)) >= 0) {
		wants_json = true;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (command_one_word(command, argc, argv, "NAME") != EXIT_OK) {
		return EXIT_USAGE;
	}
	status = client_find(&client, optind < argc ? argv[optind] : NULL);
	return status == EXIT_OK ? ask(&client, wants_json) : status;
}
