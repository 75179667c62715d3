#include "rtloop/super/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/utf8.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define TEXT_OF(number)	 TEXT_OF_(number)
#define TEXT_OF_(number) #number

#define SOCKET_MODE 0660
#define BACKLOG	    16

/* Until an answer that takes some more time is asked for again. */
#define AGAIN_NS NS_PER_MS

/* After nobody could be taken in. */
#define ACCEPT_AGAIN_NS (50 * NS_PER_MS)

/* Two runs that start at once look one after the other at who has the socket. */
#define LOCK_TRIES 100
#define LOCK_NS	   (10 * NS_PER_MS)

void control_init(struct control *control)
{
	memset(control, 0, sizeof(*control));
	control->listen_fd = -1;
}

/* --- the socket --------------------------------------------------------------------------- */

/* A descriptor that holds the lock over the folder, or -errno. */
static int lock_folder(const char *path)
{
	const struct timespec again = time_to_timespec(LOCK_NS);
	char folder[CONTROL_PATH_BYTES];
	char *slash;
	int fd, code = -EWOULDBLOCK;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash) {
		slash[slash == folder] = '\0';
	}
	fd = sys_open(slash ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
	for (unsigned i = 0; fd >= 0 && code == -EWOULDBLOCK && i < LOCK_TRIES; i++) {
		code = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
		if (code == -EWOULDBLOCK) {
			nanosleep(&again, NULL);
		}
	}
	if (fd >= 0 && code) {
		sys_close(fd);
		return code;
	}
	return fd;
}

/* Nobody listens at a file of another kind either. */
static bool is_socket(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode);
}

static int take_address(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int other;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		return 0;
	}
	if (errno != EADDRINUSE) {
		return -errno;
	}
	other = control_connect(path);
	if (other >= 0) {
		sys_close(other);
		return -EADDRINUSE;
	}
	if (other != -ECONNREFUSED || !is_socket(path)) {
		return -EEXIST;
	}
	return unlink(path) || bind(fd, (struct sockaddr *)&address, sizeof(address))
		       ? -errno
		       : 0;
}

/* Nobody can connect before it listens: so nobody does before its mode is right. */
static int listen_at(int fd, const char *path)
{
	int code = take_address(fd, path);

	if (code) {
		return code;
	}
	if (chmod(path, SOCKET_MODE) || listen(fd, BACKLOG)) {
		code = -errno;
		unlink(path);
	}
	return code;
}

static int open_socket(struct control *control, const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int lock_fd, code;

	if (fd < 0) {
		return -errno;
	}
	lock_fd = lock_folder(path);
	code = lock_fd < 0 ? lock_fd : listen_at(fd, path);
	sys_close(lock_fd);
	if (code) {
		sys_close(fd);
		return code;
	}
	control->listen_fd = fd;
	snprintf(control->path, sizeof(control->path), "%s", path);
	return 0;
}

int control_open(struct control *control, const char *path,
		 const struct control_handler *handler, struct err *err)
{
	int code = strlen(path) < sizeof(control->path) ? open_socket(control, path)
							: -ENAMETOOLONG;

	control->handler = *handler;
	if (code == -EADDRINUSE) {
		return err_set(
			err, code,
			"a run of this name is served at %s; end it first, or give "
			"this one another 'name'",
			path);
	}
	return code ? err_set_errno(err, code, "control socket %s", path) : 0;
}

/* --- one peer ----------------------------------------------------------------------------- */

static void drop(struct control_peer *peer)
{
	if (peer->state != PEER_NONE) {
		sys_close(peer->fd);
		free(peer->reply);
		peer->reply = NULL;
		peer->state = PEER_NONE;
	}
}

void control_close(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		drop(&control->peers[i]);
	}
	if (control->listen_fd >= 0) {
		unlink(control->path);
		sys_close(control->listen_fd);
		control->listen_fd = -1;
	}
}

static void begin_reply(struct control_peer *peer, int64_t now_ns)
{
	peer->state = PEER_WRITES;
	peer->sent_bytes = 0;
	peer->deadline_ns = now_ns + CONTROL_WRITE_NS;
}

/* A reply, made in memory by one of these two. A peer for whose reply there is none is dropped. */
static void make_reply(struct control *control, struct control_peer *peer,
		       const char *refusal, int64_t now_ns)
{
	FILE *reply = open_memstream(&peer->reply, &peer->reply_bytes);
	bool is_done = true;

	if (!reply) {
		drop(peer);
		return;
	}
	if (refusal) {
		control->handler.refuse(control->handler.context, refusal, reply);
	} else {
		is_done = control->handler.answer(control->handler.context,
						  &peer->request, now_ns, reply);
	}
	if (fclose(reply)) {
		drop(peer);
	} else if (is_done) {
		begin_reply(peer, now_ns);
	} else {
		free(peer->reply);
		peer->reply = NULL;
	}
}

static bool is_text(const char *line, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
			return false;
		}
	}
	return utf8_valid_bytes(line, bytes) == bytes;
}

/* Into words; false where there are too many. */
static bool split(struct control_request *request, char *line)
{
	char *rest = line;
	char *word;

	request->word_count = 0;
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (request->word_count == CONTROL_WORDS_MAX) {
			return false;
		}
		request->words[request->word_count++] = word;
	}
	return true;
}

static void take_line(struct control *control, struct control_peer *peer, size_t bytes,
		      int64_t now_ns)
{
	struct control_request *request = &peer->request;
	const char *refusal = NULL;

	if (bytes > 0 && peer->line[bytes - 1] == '\r') {
		bytes--;
	}
	peer->line[bytes] = '\0';
	request->came_ns = now_ns;
	request->stage = 0;
	request->ticket = 0;
	request->changed = 0;
	peer->state = PEER_WAITS;
	if (!is_text(peer->line, bytes)) {
		refusal = "the request is not text; expected one line of UTF-8";
	} else if (!split(request, peer->line)) {
		refusal = "the request has too many words; expected at most " TEXT_OF(
			CONTROL_WORDS_MAX);
	}
	make_reply(control, peer, refusal, now_ns);
}

static void take_end(struct control *control, struct control_peer *peer, int64_t now_ns)
{
	if (peer->line_bytes > 0) {
		/* x=10 may be the beginning of x=100 */
		make_reply(control, peer,
			   "the request is cut off; expected a newline at its end",
			   now_ns);
	} else {
		drop(peer);
	}
}

static void read_more(struct control *control, struct control_peer *peer, int64_t now_ns)
{
	size_t room = sizeof(peer->line) - 1 - peer->line_bytes;
	ssize_t bytes = recv(peer->fd, peer->line + peer->line_bytes, room, MSG_DONTWAIT);
	const char *end;

	if (bytes < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			drop(peer);
		}
		return;
	}
	if (bytes == 0) {
		take_end(control, peer, now_ns);
		return;
	}
	end = memchr(peer->line + peer->line_bytes, '\n', (size_t)bytes);
	peer->line_bytes += (size_t)bytes;
	if (end) {
		take_line(control, peer, (size_t)(end - peer->line), now_ns);
	} else if (peer->line_bytes == sizeof(peer->line) - 1) {
		make_reply(
			control, peer,
			"the request is too long; expected a line of less than " TEXT_OF(
				CONTROL_LINE_MAX) " bytes",
			now_ns);
	}
}

static void write_more(struct control_peer *peer)
{
	ssize_t bytes =
		send(peer->fd, peer->reply + peer->sent_bytes,
		     peer->reply_bytes - peer->sent_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (bytes < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			drop(peer);
		}
		return;
	}
	peer->sent_bytes += (size_t)bytes;
	if (peer->sent_bytes == peer->reply_bytes) {
		drop(peer);
	}
}

/* --- all of them -------------------------------------------------------------------------- */

/* A place for one more: a free one, or that of the one who has been silent for longest. NULL: none. */
static struct control_peer *find_place(struct control *control, int64_t now_ns)
{
	int64_t oldest_ns = now_ns + CONTROL_READ_NS - CONTROL_GRACE_NS;
	struct control_peer *found = NULL;

	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		struct control_peer *peer = &control->peers[i];

		if (peer->state == PEER_NONE) {
			return peer;
		}
		if (peer->state == PEER_READS && peer->deadline_ns <= oldest_ns) {
			oldest_ns = peer->deadline_ns;
			found = peer;
		}
	}
	return found;
}

static void take_in(struct control *control, int64_t now_ns)
{
	struct control_peer *peer = find_place(control, now_ns);
	socklen_t bytes = sizeof(peer->request.peer);
	int fd;

	if (!peer) {
		return;
	}
	fd = accept4(control->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		/* who waits would wake us again and again, where no descriptor is to be had */
		control->accept_ns = now_ns + ACCEPT_AGAIN_NS;
		return;
	}
	drop(peer);
	peer->state = PEER_READS;
	peer->fd = fd;
	peer->line_bytes = 0;
	peer->deadline_ns = now_ns + CONTROL_READ_NS;
	peer->request.peer = (struct ucred){ .pid = 0, .uid = (uid_t)-1 };
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer->request.peer, &bytes);
}

static void serve_peer(struct control *control, struct control_peer *peer, short events,
		       int64_t now_ns)
{
	if (peer->state == PEER_READS && events) {
		read_more(control, peer, now_ns);
	} else if (peer->state == PEER_WAITS) {
		make_reply(control, peer, NULL, now_ns);
	}
	/* a reply that fits goes out at once */
	if (peer->state == PEER_WRITES) {
		write_more(peer);
	}
	if (peer->state != PEER_NONE && peer->state != PEER_WAITS &&
	    now_ns >= peer->deadline_ns) {
		drop(peer);
	}
}

/* What poll() is to look for; entry 0 is the socket itself, the others are the peers. */
static void fill_entries(struct control *control, struct pollfd *entries, int64_t now_ns)
{
	bool takes_in = now_ns >= control->accept_ns && find_place(control, now_ns);

	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		const struct control_peer *peer = &control->peers[i];

		entries[1 + i] = (struct pollfd){
			.fd = peer->state == PEER_READS || peer->state == PEER_WRITES
				      ? peer->fd
				      : -1,
			.events = peer->state == PEER_READS ? POLLIN : POLLOUT,
		};
	}
	/* without room the next one waits where the kernel keeps it */
	entries[0] = (struct pollfd){ .fd = takes_in ? control->listen_fd : -1,
				      .events = POLLIN };
}

static bool has_waiting(const struct control *control)
{
	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		if (control->peers[i].state == PEER_WAITS) {
			return true;
		}
	}
	return false;
}

void control_serve(struct control *control, int64_t limit_ns)
{
	struct pollfd entries[1 + CONTROL_PEERS_MAX];
	struct timespec limit;
	int64_t now_ns;
	int count;

	limit_ns = has_waiting(control) && limit_ns > AGAIN_NS ? AGAIN_NS : limit_ns;
	limit = time_to_timespec(limit_ns > 0 ? limit_ns : 0);
	fill_entries(control, entries, sys_now());
	count = ppoll(entries, ARRAY_SIZE(entries), &limit, NULL);
	now_ns = sys_now();
	for (unsigned i = 0; i < CONTROL_PEERS_MAX; i++) {
		serve_peer(control, &control->peers[i],
			   count > 0 ? entries[1 + i].revents : 0, now_ns);
	}
	if (count > 0 && entries[0].revents) {
		take_in(control, now_ns);
	}
}
