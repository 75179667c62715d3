/* Compares a log that was cut off with what was made of it; see -h. Shares no code with rtloop. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: same_messages LOG [OUT]\n"
	"\n"
	"Goes through LOG, an MCAP file without compression, as far as it reaches: whole "
	"records, and of a chunk\n"
	"that is torn the whole messages in it. OUT must hold just these messages, bit "
	"for bit, in this order,\n"
	"but in chunks of its own.\n"
	"\n"
	"Prints 'none' where not even the header of LOG is whole, else 'whole' where "
	"LOG was closed, 'torn' where\n"
	"a chunk is cut off, 'open' where it ends between two records, each with the "
	"number of messages.\n"
	"Exits with 0, with 1 where OUT holds others or is not closed, 2 where a file "
	"cannot be read.\n";

enum { HEADER = 0x01, FOOTER = 0x02, MESSAGE = 0x05, CHUNK = 0x06 };
enum { MAGIC_BYTES = 8, HEAD_BYTES = 9 };

static const uint8_t magic[MAGIC_BYTES] = { 0x89, 'M', 'C', 'A', 'P', '0', '\r', '\n' };

struct span {
	const uint8_t *data;
	uint64_t bytes;
};

/* A file, and how far it has been gone through. */
struct log {
	struct span left;
	struct span in_chunk; /* records of the chunk that is open */
	bool has_header;
	bool is_closed;
	bool is_torn;
	uint64_t messages;
};

static uint64_t load(const uint8_t *data, unsigned bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0) {
		value = value << 8 | data[bytes];
	}
	return value;
}

static void skip(struct span *span, uint64_t bytes)
{
	span->data += bytes;
	span->bytes -= bytes;
}

/* The next record with its head, if all of it is there. */
static bool next(struct span *span, struct span *record)
{
	uint64_t bytes;

	if (span->bytes < HEAD_BYTES) {
		return false;
	}
	bytes = load(span->data + 1, 8);
	if (bytes > span->bytes - HEAD_BYTES) {
		return false;
	}
	*record = (struct span){ span->data, HEAD_BYTES + bytes };
	skip(span, record->bytes);
	return true;
}

/* The records of a chunk, of which the end may be missing; false where they do not even begin. */
static bool enter(struct log *log, struct span chunk)
{
	const uint64_t before_name = HEAD_BYTES + 8 + 8 + 8 + 4;
	uint64_t begin;

	if (chunk.bytes < before_name + 4) {
		return false;
	}
	begin = before_name + 4 + load(chunk.data + before_name, 4) + 8;
	if (chunk.bytes < begin) {
		return false;
	}
	skip(&chunk, begin);
	log->in_chunk = chunk;
	return true;
}

static void end(struct log *log)
{
	log->is_closed = log->left.bytes == MAGIC_BYTES &&
			 memcmp(log->left.data, magic, MAGIC_BYTES) == 0;
	log->left.bytes = 0;
}

/* Into the next record outside of chunks; false at the end. */
static bool advance(struct log *log)
{
	struct span rest = log->left, record;

	if (!next(&log->left, &record)) {
		log->left.bytes = 0;
		if (rest.bytes == 0 || rest.data[0] != CHUNK) {
			return false;
		}
		log->is_torn = true;
		return enter(log, rest);
	}
	if (record.data[0] == FOOTER) {
		end(log);
		return false;
	}
	log->has_header |= record.data[0] == HEADER;
	if (record.data[0] == CHUNK) {
		(void)enter(log, record);
	}
	return true;
}

static bool next_message(struct log *log, struct span *message)
{
	do {
		while (next(&log->in_chunk, message)) {
			if (message->data[0] == MESSAGE) {
				log->messages++;
				return true;
			}
		}
	} while (advance(log));
	return false;
}

static void open_log(struct log *log, const char *path)
{
	struct stat info;
	int fd = open(path, O_RDONLY);
	void *data = NULL;

	memset(log, 0, sizeof(*log));
	if (fd < 0 || fstat(fd, &info)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	if (info.st_size < MAGIC_BYTES) {
		return;
	}
	data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	log->left = (struct span){ data, (uint64_t)info.st_size };
	if (memcmp(data, magic, MAGIC_BYTES) == 0) {
		skip(&log->left, MAGIC_BYTES);
	} else {
		log->left.bytes = 0;
	}
}

static int compare(struct log *log, struct log *out)
{
	struct span expected, found;

	while (next_message(log, &expected)) {
		if (!next_message(out, &found)) {
			fprintf(stderr, "message %llu is missing\n",
				(unsigned long long)log->messages);
			return 1;
		}
		if (expected.bytes != found.bytes ||
		    memcmp(expected.data, found.data, (size_t)expected.bytes) != 0) {
			fprintf(stderr, "message %llu is another one\n",
				(unsigned long long)log->messages);
			return 1;
		}
	}
	if (next_message(out, &found)) {
		fprintf(stderr, "there are more messages than %llu\n",
			(unsigned long long)log->messages);
		return 1;
	}
	if (!out->is_closed) {
		fputs("it is not closed\n", stderr);
		return 1;
	}
	return 0;
}

static const char *state(const struct log *log)
{
	return !log->has_header ? "none"
	       : log->is_closed ? "whole"
	       : log->is_torn	? "torn"
				: "open";
}

int main(int argc, char **argv)
{
	struct span message;
	struct log log, out;
	int status = 0;

	if (argc < 2 || argc > 3 || argv[1][0] == '-') {
		fputs(usage, argc == 2 && strcmp(argv[1], "-h") == 0 ? stdout : stderr);
		return argc == 2 && strcmp(argv[1], "-h") == 0 ? 0 : 2;
	}
	open_log(&log, argv[1]);
	if (argc == 3) {
		open_log(&out, argv[2]);
		status = compare(&log, &out);
	} else {
		while (next_message(&log, &message)) {
		}
	}
	printf("%s %llu\n", state(&log), (unsigned long long)log.messages);
	return status;
}
