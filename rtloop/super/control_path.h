/* Where the control sockets of runs are. */
#ifndef RTLOOP_SUPER_CONTROL_PATH_H
#define RTLOOP_SUPER_CONTROL_PATH_H

#include <stdbool.h>
#include <sys/un.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define CONTROL_PATH_BYTES sizeof(((struct sockaddr_un *)0)->sun_path)
#define CONTROL_FOLDERS	   3
#define CONTROL_SUFFIX	   ".sock"
#define GUARD_SUFFIX	   ".guard" /* of the guardian's socket */

/**
 * control_folder - the index-th folder that sockets may be in: the first of RUNTIME_DIRECTORY (which a
 * service manager sets), else /run/rtloop, else rtloop in XDG_RUNTIME_DIR.
 * @ret_folder: CONTROL_PATH_BYTES long
 *
 * -ENOENT: there is none of this index; -ENAMETOOLONG. [any but rt]
 */
int control_folder(unsigned index, char *ret_folder) MUST_CHECK;

/**
 * control_choose_path - where the socket of a run is to be made: in the first of these folders that is
 * there, or can be made, and can be written to.
 * @ret_path: CONTROL_PATH_BYTES long
 *
 * -EACCES, -ENAMETOOLONG and what mkdir(2) says, with @err filled. [init]
 */
int control_choose_path(const char *name, char *ret_path, struct err *err) MUST_CHECK;

/**
 * control_choose_place - the same for a socket of another kind: NAME and @suffix. [init]
 */
int control_choose_place(const char *name, const char *suffix, char *ret_path,
			 struct err *err) MUST_CHECK;

/**
 * control_connect - a connected socket to whoever listens at a path.
 *
 * -ECONNREFUSED: the run has ended without taking it away; -EAGAIN: too many wait there;
 * -ENAMETOOLONG, and what else connect(2) says. [any but rt]
 */
int control_connect(const char *path) MUST_CHECK;

#endif
