/* One device of a real driver, made from the text that a configuration would hold, in virtual time. */
#ifndef TESTS_FAKES_RIG_H
#define TESTS_FAKES_RIG_H

#include "config/tree.h"
#include "drivers/device.h"
#include "drivers/spec.h"

struct rig {
	struct diag diag;
	struct tree tree;
	struct spec_list *list;
	struct image *image;
	struct device device;
	struct link link;
	struct cycle_time now; /* cycle 0 at release_ns 1 s, wake_ns 10 us later */
	char *errors;	       /* of the text; "" for none */
};

/** rig_load - read the devices of @text; what is wrong with it is in @rig's errors. */
void rig_load(struct rig *rig, const char *text);

/** rig_init - load the text, which must be right, and bind its first device. */
void rig_init(struct rig *rig, const char *text);

/** rig_open - open the device and put the link in force; its driver's answer. */
int rig_open(struct rig *rig, struct err *err);
void rig_close(struct rig *rig);

/** rig_fini - undo all of the above that was done. */
void rig_fini(struct rig *rig);

/** rig_step - on to the next cycle, @ns later. */
void rig_step(struct rig *rig, int64_t ns);

/** rig_receive - as the poller hands it over; @from may be NULL. */
void rig_receive(struct rig *rig, const void *data, size_t bytes,
		 const struct sockaddr_storage *from);

/** rig_tick - the driver's tick(). rig_emit - its emit(). */
void rig_tick(struct rig *rig);
void rig_emit(struct rig *rig);

/** rig_drive - what is to be driven, as the write phase puts it into the cell of an output. */
void rig_drive(struct rig *rig, const char *output, double value);

/** rig_count - one of the device's counters. */
uint64_t rig_count(const struct rig *rig, enum device_count which);

/** rig_float - of a channel; rig_int, rig_bool, rig_quality likewise. */
double rig_float(const struct rig *rig, const char *channel);
int64_t rig_int(const struct rig *rig, const char *channel);
bool rig_bool(const struct rig *rig, const char *channel);
enum quality rig_quality(const struct rig *rig, const char *channel);

#endif
