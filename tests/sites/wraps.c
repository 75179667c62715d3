/*
 * A wrapper for each function of the kernel and the allocator that can fail, linked in by --wrap, and the
 * errors that its manual page has. Left out are those that only a wrong program gets: EFAULT, EBADF, EINVAL of
 * arguments that are constants, ENOTSOCK.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "tests/sites/inject.h"

/* clang-format off */
#define FUNCTIONS(X)                                                                                      \
	X(malloc, ENOMEM)                                                                                 \
	X(calloc, ENOMEM)                                                                                 \
	X(realloc, ENOMEM)                                                                                \
	X(reallocarray, ENOMEM)                                                                           \
	X(aligned_alloc, ENOMEM)                                                                          \
	X(strdup, ENOMEM)                                                                                 \
	X(strndup, ENOMEM)                                                                                \
	X(asprintf, ENOMEM)                                                                               \
	X(vasprintf, ENOMEM)                                                                              \
	X(open_memstream, ENOMEM)                                                                         \
	X(__getdelim, ENOMEM, EIO)                                                                           \
	X(open64, EACCES, EBUSY, EDQUOT, EEXIST, EFBIG, EINTR, EISDIR, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENODEV, \
		ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EPERM, EROFS, ETXTBSY, EWOULDBLOCK)               \
	X(fopen64, EACCES, EISDIR, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSPC, ENOTDIR, EROFS)         \
	X(fdopen, ENOMEM)                                                                                 \
	X(fclose, ENOMEM, EIO, ENOSPC, EDQUOT)                                                                    \
	X(fread, EIO)                                                                                     \
	X(close, EINTR, EIO, ENOSPC, EDQUOT)                                                              \
	X(read, EAGAIN, EINTR, EIO, EISDIR)                                                               \
	X(pread64, EINTR, EIO, EOVERFLOW)                                                                 \
	X(write, EAGAIN, EDQUOT, EFBIG, EINTR, EIO, ENOSPC, EPERM, EPIPE)                                 \
	X(writev, EAGAIN, EDQUOT, EFBIG, EINTR, EIO, ENOSPC, EPERM)                                       \
	X(lseek64, EINVAL, ENXIO, EOVERFLOW, ESPIPE)                                                      \
	X(fstat64, ENOMEM, EOVERFLOW)                                                                     \
	X(stat64, EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW)                        \
	X(lstat64, EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW)                       \
	X(fstatat64, EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR)                                \
	X(access, EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EPERM, EROFS)                \
	X(chmod, EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EPERM, EROFS)                 \
	X(fallocate64, EFBIG, EINTR, EIO, ENOSPC, EOPNOTSUPP)                                             \
	X(ftruncate64, EFBIG, EINTR, EIO, EPERM)                                                          \
	X(fsync, EDQUOT, EINTR, EIO, ENOSPC, EROFS)                                                       \
	X(fdatasync, EDQUOT, EINTR, EIO, ENOSPC, EROFS)                                                   \
	X(rename, EACCES, EBUSY, EDQUOT, EISDIR, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, ENOTDIR, \
		ENOTEMPTY, EPERM, EROFS, EXDEV)                                                           \
	X(renameat2, EEXIST, EINVAL, ENOSYS, EACCES, EIO, ENOSPC, EROFS)                                  \
	X(link, EACCES, EDQUOT, EEXIST, EIO, ELOOP, EMLINK, ENOENT, ENOMEM, ENOSPC, EPERM, EROFS, EXDEV)   \
	X(unlink, EACCES, EBUSY, EIO, EISDIR, ELOOP, ENOENT, ENOMEM, ENOTDIR, EPERM, EROFS)               \
	X(unlinkat, EACCES, EBUSY, EIO, EISDIR, ENOENT, ENOMEM, EPERM, EROFS)                             \
	X(mkdir, EACCES, EDQUOT, EEXIST, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, ENOTDIR, EPERM, EROFS) \
	X(rmdir, EACCES, EBUSY, ENOENT, ENOTEMPTY, EPERM, EROFS)                                          \
	X(opendir, EACCES, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR)                                       \
	X(scandir64, ENOENT, ENOMEM, ENOTDIR)                                                             \
	X(readlink, EACCES, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR)                    \
	X(realpath, EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR)                            \
	X(flock, EINTR, EINVAL, ENOLCK, EWOULDBLOCK)                                                      \
	X(fcntl64, EACCES, EAGAIN, EINVAL, EMFILE, EPERM)                                                 \
	X(ioctl, EINVAL, ENOTTY, EIO, EPERM, EINTR)                                                       \
	X(tcgetattr, EINTR, EIO, ENOTTY)                                                                  \
	X(mmap64, EACCES, EAGAIN, EINVAL, ENFILE, ENODEV, ENOMEM, EOVERFLOW, EPERM)                       \
	X(mprotect, EACCES, ENOMEM)                                                                       \
	X(mlockall, EAGAIN, ENOMEM, EPERM)                                                                \
	X(memfd_create, EINVAL, EMFILE, ENFILE, ENOMEM)                                                   \
	X(socket, EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT)         \
	X(bind, EACCES, EADDRINUSE, EADDRNOTAVAIL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EROFS)   \
	X(listen, EADDRINUSE, EOPNOTSUPP)                                                                 \
	X(accept4, EAGAIN, ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO)           \
	X(connect, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EALREADY, ECONNREFUSED, EINTR, ENETUNREACH, ENOENT, \
		EPERM, EPROTOTYPE, ETIMEDOUT)                                                             \
	X(getsockopt, ENOBUFS, ENOPROTOOPT)                                                               \
	X(setsockopt, EACCES, ENOBUFS, ENOMEM, ENOPROTOOPT, EPERM)                                        \
	X(recv, EAGAIN, ECONNREFUSED, ECONNRESET, EINTR, ENOMEM, ENOTCONN)                                \
	X(send, EACCES, EAGAIN, ECONNRESET, EINTR, EMSGSIZE, ENOBUFS, ENOMEM, ENOTCONN, EPIPE)            \
	X(sendto, EACCES, EAGAIN, ECONNREFUSED, ECONNRESET, EINTR, EMSGSIZE, ENOBUFS, ENOENT, ENOMEM, EPIPE) \
	X(poll, EINTR, EINVAL, ENOMEM)                                                                    \
	X(ppoll, EINTR, EINVAL, ENOMEM)                                                                   \
	X(epoll_create1, EMFILE, ENFILE, ENOMEM)                                                          \
	X(epoll_ctl, EEXIST, ELOOP, ENOENT, ENOMEM, ENOSPC, EPERM)                                        \
	X(eventfd, EMFILE, ENFILE, ENODEV, ENOMEM)                                                        \
	X(timerfd_create, EMFILE, ENFILE, ENODEV, ENOMEM, EPERM)                                          \
	X(mq_open, EACCES, EINVAL, EMFILE, ENAMETOOLONG, ENFILE, ENOENT, ENOMEM, ENOSPC)                  \
	X(mq_getattr, EIO)                                                                                \
	X(pthread_create, EAGAIN, EPERM)                                                                  \
	X(pthread_attr_init, ENOMEM)                                                                      \
	X(pthread_attr_setaffinity_np, ENOMEM)                                                            \
	X(pthread_setname_np, ERANGE)                                                                     \
	X(posix_spawnp, EAGAIN, ENOMEM, ENOENT, EACCES)                                                   \
	X(getrlimit64, EPERM)                                                                             \
	X(prctl, EINVAL, EPERM)                                                                           \
	X(syscall, EACCES, EMFILE, ENODEV, ENOENT, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM)
/* clang-format on */

#define INDEX(name, ...) F_##name,
enum { FUNCTIONS(INDEX) FUNCTION_COUNT };

#define ROW(name, ...) { #name, { __VA_ARGS__ } },
const struct site_function site_functions[] = { FUNCTIONS(ROW) };
const unsigned site_function_count = FUNCTION_COUNT;

/* `params` and `args` in parentheses; `failed` is what the function returns then. */
#define WRAP(name, type, failed, params, args)                                           \
	type __real_##name params;                                                       \
	type __wrap_##name params;                                                       \
	type __wrap_##name params                                                        \
	{                                                                                \
		int error = inject_error(F_##name);                                      \
                                                                                         \
		if (error) {                                                             \
			errno = error;                                                   \
			return failed;                                                   \
		}                                                                        \
		return __real_##name args;                                               \
	}

/* What closes has closed though it fails. */
#define WRAP_CLOSE(name, params, args)                                                   \
	int __real_##name params;                                                        \
	int __wrap_##name params;                                                        \
	int __wrap_##name params                                                         \
	{                                                                                \
		int error = inject_error(F_##name);                                      \
		int rc = __real_##name args;                                             \
                                                                                         \
		if (error) {                                                             \
			errno = error;                                                   \
			rc = -1;                                                         \
		}                                                                        \
		return rc;                                                               \
	}

WRAP(malloc, void *, NULL, (size_t bytes), (bytes))
WRAP(calloc, void *, NULL, (size_t count, size_t bytes), (count, bytes))
WRAP(realloc, void *, NULL, (void *block, size_t bytes), (block, bytes))
WRAP(reallocarray, void *, NULL, (void *block, size_t count, size_t bytes),
     (block, count, bytes))
WRAP(aligned_alloc, void *, NULL, (size_t alignment, size_t bytes), (alignment, bytes))
WRAP(strdup, char *, NULL, (const char *text), (text))
WRAP(strndup, char *, NULL, (const char *text, size_t bytes), (text, bytes))
WRAP(vasprintf, int, -1, (char **text, const char *format, va_list args),
     (text, format, args))
WRAP(open_memstream, FILE *, NULL, (char **text, size_t *bytes), (text, bytes))
WRAP(fopen64, FILE *, NULL, (const char *path, const char *mode), (path, mode))
WRAP(fdopen, FILE *, NULL, (int fd, const char *mode), (fd, mode))
WRAP_CLOSE(close, (int fd), (fd))
WRAP(read, ssize_t, -1, (int fd, void *data, size_t bytes), (fd, data, bytes))
WRAP(pread64, ssize_t, -1, (int fd, void *data, size_t bytes, off_t at),
     (fd, data, bytes, at))
WRAP(write, ssize_t, -1, (int fd, const void *data, size_t bytes), (fd, data, bytes))
WRAP(writev, ssize_t, -1, (int fd, const struct iovec *parts, int count),
     (fd, parts, count))
WRAP(lseek64, off_t, -1, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(fstat64, int, -1, (int fd, struct stat *status), (fd, status))
WRAP(stat64, int, -1, (const char *path, struct stat *status), (path, status))
WRAP(lstat64, int, -1, (const char *path, struct stat *status), (path, status))
WRAP(fstatat64, int, -1, (int folder, const char *path, struct stat *status, int flags),
     (folder, path, status, flags))
WRAP(access, int, -1, (const char *path, int mode), (path, mode))
WRAP(chmod, int, -1, (const char *path, mode_t mode), (path, mode))
WRAP(fallocate64, int, -1, (int fd, int mode, off_t offset, off_t bytes),
     (fd, mode, offset, bytes))
WRAP(ftruncate64, int, -1, (int fd, off_t bytes), (fd, bytes))
WRAP(fsync, int, -1, (int fd), (fd))
WRAP(fdatasync, int, -1, (int fd), (fd))
WRAP(rename, int, -1, (const char *from, const char *to), (from, to))
WRAP(renameat2, int, -1,
     (int from_folder, const char *from, int to_folder, const char *to, unsigned flags),
     (from_folder, from, to_folder, to, flags))
WRAP(link, int, -1, (const char *from, const char *to), (from, to))
WRAP(unlink, int, -1, (const char *path), (path))
WRAP(unlinkat, int, -1, (int folder, const char *path, int flags), (folder, path, flags))
WRAP(mkdir, int, -1, (const char *path, mode_t mode), (path, mode))
WRAP(rmdir, int, -1, (const char *path), (path))
WRAP(opendir, DIR *, NULL, (const char *path), (path))
WRAP(scandir64, int, -1,
     (const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
      int (*compare)(const struct dirent **, const struct dirent **)),
     (path, list, filter, compare))
WRAP(readlink, ssize_t, -1, (const char *path, char *text, size_t bytes),
     (path, text, bytes))
WRAP(realpath, char *, NULL, (const char *path, char *resolved), (path, resolved))
WRAP(flock, int, -1, (int fd, int operation), (fd, operation))
WRAP(tcgetattr, int, -1, (int fd, void *settings), (fd, settings))
WRAP(mmap64, void *, MAP_FAILED,
     (void *at, size_t bytes, int protection, int flags, int fd, off_t offset),
     (at, bytes, protection, flags, fd, offset))
WRAP(mprotect, int, -1, (void *at, size_t bytes, int protection), (at, bytes, protection))
WRAP(mlockall, int, -1, (int flags), (flags))
WRAP(memfd_create, int, -1, (const char *name, unsigned flags), (name, flags))
WRAP(socket, int, -1, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(bind, int, -1, (int fd, const struct sockaddr *address, socklen_t bytes),
     (fd, address, bytes))
WRAP(listen, int, -1, (int fd, int backlog), (fd, backlog))
WRAP(accept4, int, -1, (int fd, struct sockaddr *address, socklen_t *bytes, int flags),
     (fd, address, bytes, flags))
WRAP(connect, int, -1, (int fd, const struct sockaddr *address, socklen_t bytes),
     (fd, address, bytes))
WRAP(getsockopt, int, -1, (int fd, int level, int name, void *value, socklen_t *bytes),
     (fd, level, name, value, bytes))
WRAP(setsockopt, int, -1,
     (int fd, int level, int name, const void *value, socklen_t bytes),
     (fd, level, name, value, bytes))
WRAP(recv, ssize_t, -1, (int fd, void *data, size_t bytes, int flags),
     (fd, data, bytes, flags))
WRAP(send, ssize_t, -1, (int fd, const void *data, size_t bytes, int flags),
     (fd, data, bytes, flags))
WRAP(sendto, ssize_t, -1,
     (int fd, const void *data, size_t bytes, int flags, const struct sockaddr *address,
      socklen_t address_bytes),
     (fd, data, bytes, flags, address, address_bytes))
WRAP(poll, int, -1, (struct pollfd * entries, nfds_t count, int timeout_ms),
     (entries, count, timeout_ms))
WRAP(ppoll, int, -1,
     (struct pollfd * entries, nfds_t count, const struct timespec *timeout,
      const sigset_t *mask),
     (entries, count, timeout, mask))
WRAP(epoll_create1, int, -1, (int flags), (flags))
WRAP(epoll_ctl, int, -1, (int epoll_fd, int op, int fd, struct epoll_event *event),
     (epoll_fd, op, fd, event))
WRAP(eventfd, int, -1, (unsigned value, int flags), (value, flags))
WRAP(timerfd_create, int, -1, (int clock, int flags), (clock, flags))
WRAP(mq_getattr, int, -1, (int queue, void *attributes), (queue, attributes))
WRAP(pthread_create, int, error,
     (pthread_t * id, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
     (id, attributes, run, arg))
WRAP(pthread_attr_init, int, error, (pthread_attr_t * attributes), (attributes))
WRAP(pthread_attr_setaffinity_np, int, error,
     (pthread_attr_t * attributes, size_t bytes, const void *set),
     (attributes, bytes, set))
WRAP(pthread_setname_np, int, error, (pthread_t id, const char *name), (id, name))
WRAP(posix_spawnp, int, error,
     (pid_t * pid, const char *file, const void *actions, const void *attributes,
      char *const *argv, char *const *environment),
     (pid, file, actions, attributes, argv, environment))
WRAP(getrlimit64, int, -1, (int resource, struct rlimit *limit), (resource, limit))

/* One in memory has nothing but memory to lack. */
int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
	int error = inject_error(F_fclose);
	bool has_file = fileno(file) >= 0;
	int rc = __real_fclose(file);

	if (error && (has_file || error == ENOMEM)) {
		errno = error;
		rc = -1;
	}
	return rc;
}

/* A stream whose read(2) failed knows it afterwards; glibc's flag for that is its own. */
#define STREAM_ERROR 0x20

ssize_t __real___getdelim(char **line, size_t *bytes, int end, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *bytes, int end, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *bytes, int end, FILE *file)
{
	int error = inject_error(F___getdelim);

	if (error) {
		file->_flags |= error == EIO ? STREAM_ERROR : 0;
		errno = error;
		return -1;
	}
	return __real___getdelim(line, bytes, end, file);
}

size_t __real_fread(void *data, size_t bytes, size_t count, FILE *file);
size_t __wrap_fread(void *data, size_t bytes, size_t count, FILE *file);
size_t __wrap_fread(void *data, size_t bytes, size_t count, FILE *file)
{
	int error = inject_error(F_fread);

	if (error) {
		file->_flags |= STREAM_ERROR;
		errno = error;
		return 0;
	}
	return __real_fread(data, bytes, count, file);
}

/* Those of a variable number of arguments: all that callers may pass is passed on. */

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
	int error = inject_error(F_asprintf);
	va_list args;
	int rc = -1;

	errno = error;
	if (!error) {
		va_start(args, format);
		rc = __real_vasprintf(text, format, args);
		va_end(args);
	}
	return rc;
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
	int error = inject_error(F_open64);
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	if (error) {
		errno = error;
		return -1;
	}
	return __real_open64(path, flags, mode);
}

int __real_mq_open(const char *name, int flags, ...);
int __wrap_mq_open(const char *name, int flags, ...);
int __wrap_mq_open(const char *name, int flags, ...)
{
	int error = inject_error(F_mq_open);
	va_list args;
	unsigned mode;
	void *attributes;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	attributes = va_arg(args, void *);
	va_end(args);
	if (error) {
		errno = error;
		return -1;
	}
	return __real_mq_open(name, flags, mode, attributes);
}

#define WRAP_VARIADIC(name, type, first_type, second_type)                               \
	int __real_##name(first_type first, second_type second, ...);                    \
	int __wrap_##name(first_type first, second_type second, ...);                    \
	int __wrap_##name(first_type first, second_type second, ...)                     \
	{                                                                                \
		int error = inject_error(F_##name);                                      \
		va_list args;                                                            \
		type argument;                                                           \
                                                                                         \
		va_start(args, second);                                                  \
		argument = va_arg(args, type);                                           \
		va_end(args);                                                            \
		if (error) {                                                             \
			errno = error;                                                   \
			return -1;                                                       \
		}                                                                        \
		return __real_##name(first, second, argument);                           \
	}

WRAP_VARIADIC(fcntl64, long, int, int)
WRAP_VARIADIC(ioctl, void *, int, unsigned long)

int __real_prctl(int operation, ...);
int __wrap_prctl(int operation, ...);
int __wrap_prctl(int operation, ...)
{
	int error = inject_error(F_prctl);
	unsigned long values[4];
	va_list args;

	va_start(args, operation);
	for (int i = 0; i < 4; i++) {
		values[i] = va_arg(args, unsigned long);
	}
	va_end(args);
	if (error) {
		errno = error;
		return -1;
	}
	return __real_prctl(operation, values[0], values[1], values[2], values[3]);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	int error = inject_error(F_syscall);
	long values[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++) {
		values[i] = va_arg(args, long);
	}
	va_end(args);
	if (error) {
		errno = error;
		return -1;
	}
	return __real_syscall(number, values[0], values[1], values[2], values[3],
			      values[4], values[5]);
}

void *__real_cycle_main(void *loop);
void *__wrap_cycle_main(void *loop);
void *__wrap_cycle_main(void *loop)
{
	inject_exempt_thread();
	return __real_cycle_main(loop);
}
