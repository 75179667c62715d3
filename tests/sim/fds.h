/* Descriptors of the simulated kernel, and the open files behind them. */
#ifndef TESTS_SIM_FDS_H
#define TESTS_SIM_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Those below are the real kernel's. */
#define FDS_BASE 1000
#define FDS_MAX	 128

struct sim_file;

/* What a file can do. Each returns a result or -errno; NULL: -EINVAL. */
struct sim_file_ops {
	const char *name;
	uint32_t (*events)(struct sim_file *file); /* EPOLLIN and so on, as it is now */
	ssize_t (*read)(struct sim_file *file, void *data, size_t bytes);
	ssize_t (*write)(struct sim_file *file, const void *data, size_t bytes);
	int (*ioctl)(struct sim_file *file, unsigned long request, void *arg);
	int (*receive)(struct sim_file *file, struct mmsghdr *messages, unsigned count);
	ssize_t (*send)(struct sim_file *file, const void *data, size_t bytes,
			const struct sockaddr *to);
	void (*release)(struct sim_file *file); /* the last descriptor is closed */
};

struct sim_file {
	const struct sim_file_ops *ops;
	unsigned refs;
	void *object;	     /* of the kind */
	uint64_t generation; /* likewise */
	uint64_t offset;     /* likewise */
	int flags;	     /* likewise */
	bool is_watched;     /* by an epoll that has not let go of it */
};

/** fds_begin - none is open. */
void fds_begin(void);

/** fds_open - the lowest free descriptor for a new file; -EMFILE. */
int fds_open(const struct sim_file_ops *ops, void *object);

/** fds_file - of a descriptor; NULL: it is not open. */
struct sim_file *fds_file(int fd);

/** fds_need - likewise, of a descriptor that must be open: whoever uses one that he has closed may hit another's. */
struct sim_file *fds_need(int fd);

/** fds_is_ours - whether a descriptor is the simulated kernel's. */
bool fds_is_ours(int fd);

/** fds_close - 0. */
int fds_close(int fd);

/** fds_count - that are open. */
unsigned fds_count(void);

/** fds_describe - the kind of the first that is open; "" */
const char *fds_first(void);

#endif
