/* Channels of a reply, as people read them. */
#ifndef RTLOOP_CMD_CLIENT_CHANNEL_H
#define RTLOOP_CMD_CLIENT_CHANNEL_H

#include <stddef.h>

#include "config/tree.h"

/** client_channel_value - "178.4", "true": no more digits than a person can use. Returns @text. [init] */
const char *client_channel_value(const struct node *channel, char *text, size_t bytes);

/** client_channel_unit - "" where it has none, or where its value is written with it. [init] */
const char *client_channel_unit(const struct node *channel);

/** client_channel_age - "12 ms", "3.5 s"; "" where it has none. Returns @text. [init] */
const char *client_channel_age(const struct node *channel, char *text, size_t bytes);

/** client_age - of a time in ns. Returns @text. [init] */
const char *client_age(double ns, char *text, size_t bytes);

#endif
