/*
 * The rights that a process has beyond those of its user: the kernel's capabilities. A run that has any (started
 * by root, or from a file with capabilities) needs them to start; while it runs, each thread keeps just those
 * that it may need again.
 */
#ifndef RTLOOP_BASE_RIGHTS_H
#define RTLOOP_BASE_RIGHTS_H

#include <stdint.h>

#include "rtloop/base/attr.h"

/* As bits, so that sets can be joined. */
enum right {
	RIGHT_FILES =
		1
		<< 0, /* CAP_DAC_OVERRIDE: devices, logs and sockets of other users, opened again */
	RIGHT_PORTS = 1 << 1, /* CAP_NET_BIND_SERVICE: ports below 1024 */
	RIGHT_BUFFERS =
		1 << 2, /* CAP_NET_ADMIN: receive buffers beyond net.core.rmem_max */
	RIGHT_QUEUES =
		1 << 3, /* CAP_SYS_RESOURCE: message queues beyond fs.mqueue's limits */
	RIGHT_ALL =
		1
		<< 4, /* whatever there is: of a command that starts programs as a shell would */
};

/**
 * rights_begin - before any thread is started: no program that this process starts gets more rights than it has
 * (no_new_privs). -errno where the kernel refuses. [init]
 */
int rights_begin(void) MUST_CHECK;

/**
 * rights_keep - the calling thread, and those that it starts, keep these of the capabilities that it has. Where
 * locked memory has a limit (RLIMIT_MEMLOCK), CAP_IPC_LOCK is kept as well: each allocation locks what it gets.
 * @rights: enum right, joined; 0: none
 *
 * Nothing is inheritable or ambient afterwards, and nothing that was given up comes back. 0 or -errno. [any but rt]
 */
int rights_keep(uint32_t rights);

#endif
