/* What a process may have of something: its limits. */
#ifndef RTLOOP_BASE_LIMIT_H
#define RTLOOP_BASE_LIMIT_H

/**
 * limit_lift_files - as many open files as may be had without a right to it.
 *
 * The usual limit of 1,024 is there for programs that call select(), which takes none above. A device needs one
 * file or more. Where it cannot be lifted, opening fails when it comes to that. [init]
 */
void limit_lift_files(void);

#endif
