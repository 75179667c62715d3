/* Numeric internet addresses in text: no name is ever looked up. */
#ifndef DRIVERS_ADDRESS_H
#define DRIVERS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "rtloop/base/attr.h"

struct address {
	struct sockaddr_storage storage;
	socklen_t bytes;
	bool has_host;
	bool has_port;
};

/**
 * address_parse - "192.0.2.1:5000", "[2001:db8::1]:5000", ":5000"; without a port "192.0.2.1",
 * "[2001:db8::1]" and "2001:db8::1".
 *
 * ":5000" is 127.0.0.1, with has_host false: whoever wants more says so. 0 or -EINVAL. [any but rt]
 */
int address_parse(const char *text, struct address *ret_address) MUST_CHECK;

/** address_is_multicast - whether it is of a group. [any] */
bool address_is_multicast(const struct address *address) RT_SAFE;

/** address_port - in host order. address_set_port - the same. [any but rt] */
uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);

/** address_is_low_port - whether @text names a port that only who has a right to it may listen at (below
 * 1024); false where it cannot be parsed. [any but rt] */
bool address_is_low_port(const char *text);

/**
 * address_is_from - whether a sender is the one that @wanted names; any port where it names none.
 * [any]
 */
bool address_is_from(const struct address *wanted,
		     const struct sockaddr_storage *sender) RT_SAFE;

#endif
