/* Leaves messages in a POSIX message queue, or takes them from it; see -h. Shares no code with the
 * driver. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES_MAX 65536

struct post {
	const char *queue;
	long max_messages; /* of a queue to be made; 0: it is there */
	long message_bytes;
	unsigned priority;
	bool is_hex;
	bool is_removal;
	bool takes;
};

static const char usage[] =
	"usage: post [OPTION]... /QUEUE\n"
	"\n"
	"Send each line of the standard input, without its end, as a message to a POSIX "
	"message queue,\n"
	"and wait where the queue is full.\n"
	"\n"
	"  -c MESSAGES,BYTES  make the queue: so many messages may wait, of so many "
	"bytes\n"
	"  -p PRIORITY        of the messages (0)\n"
	"  -x                 a line is a message in hexadecimal digits\n"
	"  -g                 take messages instead, and print each as a line, until it "
	"is "
	"ended\n"
	"  -u                 remove the queue; nothing is sent\n"
	"  -h                 this text\n";

static int fail(const struct post *post, const char *what)
{
	fprintf(stderr, "post: %s: %s: %s\n", post->queue, what, strerror(errno));
	return 1;
}

/* In place; the number of bytes, or -1. */
static long decode_hex(char *text, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	if (length % 2 != 0) {
		return -1;
	}
	for (size_t i = 0; i < length / 2; i++) {
		const char *high = strchr(digits, text[2 * i]);
		const char *low = strchr(digits, text[2 * i + 1]);

		if (!high || !low) {
			return -1;
		}
		text[i] = (char)((high - digits) << 4 | (low - digits));
	}
	return (long)(length / 2);
}

static int send_lines(const struct post *post, mqd_t queue)
{
	static char line[2 * MESSAGE_BYTES_MAX + 2];

	while (fgets(line, sizeof(line), stdin)) {
		size_t length = strcspn(line, "\n");
		long bytes = post->is_hex ? decode_hex(line, length) : (long)length;

		if (bytes < 0) {
			fprintf(stderr, "post: not in hexadecimal digits: %s", line);
			return 1;
		}
		if (mq_send(queue, line, (size_t)bytes, post->priority)) {
			return fail(post, "cannot send");
		}
	}
	return 0;
}

static int take_messages(const struct post *post, mqd_t queue)
{
	static char message[MESSAGE_BYTES_MAX];
	ssize_t bytes;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((bytes = mq_receive(queue, message, sizeof(message), NULL)) >= 0) {
		for (ssize_t i = 0; i < bytes && post->is_hex; i++) {
			printf("%02x", (unsigned char)message[i]);
		}
		printf("%.*s\n", post->is_hex ? 0 : (int)bytes, message);
	}
	return fail(post, "cannot take");
}

static int run(const struct post *post)
{
	int access = post->takes ? O_RDONLY : O_WRONLY;
	struct mq_attr attr = { .mq_maxmsg = post->max_messages,
				.mq_msgsize = post->message_bytes };
	mqd_t queue;

	if (post->is_removal) {
		return mq_unlink(post->queue) ? fail(post, "cannot remove") : 0;
	}
	queue = post->max_messages > 0
			? mq_open(post->queue, access | O_CREAT, 0600, &attr)
			: mq_open(post->queue, access);
	if (queue == (mqd_t)-1) {
		return fail(post, "cannot open");
	}
	return post->takes ? take_messages(post, queue) : send_lines(post, queue);
}

static bool parse_size(struct post *post, const char *text)
{
	char *rest;

	post->max_messages = strtol(text, &rest, 10);
	if (*rest != ',') {
		return false;
	}
	post->message_bytes = strtol(rest + 1, &rest, 10);
	return *rest == '\0' && post->max_messages > 0 && post->message_bytes > 0;
}

int main(int argc, char **argv)
{
	struct post post = { .queue = NULL };
	bool is_right = true;
	int letter;

	while ((letter = getopt(argc, argv, "c:p:xguh")) != -1) {
		switch (letter) {
		case 'c':
			is_right &= parse_size(&post, optarg);
			break;
		case 'p':
			post.priority = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'x':
			post.is_hex = true;
			break;
		case 'g':
			post.takes = true;
			break;
		case 'u':
			post.is_removal = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			is_right = false;
		}
	}
	if (!is_right || optind != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}
	post.queue = argv[optind];
	return run(&post);
}
