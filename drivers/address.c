#include "drivers/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* IPPORT_RESERVED; net.ipv4.ip_unprivileged_port_start may lower it. */
#define LOW_PORTS 1024

static int parse_port(const char *text, uint16_t *ret_port)
{
	unsigned port = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 5 || text[digits] != '\0') {
		return -EINVAL;
	}
	for (; *text; text++) {
		port = 10 * port + (unsigned)(*text - '0');
	}
	if (port == 0 || port > UINT16_MAX) {
		return -EINVAL;
	}
	*ret_port = (uint16_t)port;
	return 0;
}

static int parse_host(const char *host, struct address *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->storage;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		address->storage.ss_family = AF_INET;
		address->bytes = sizeof(*v4);
		return 0;
	}
	memset(&address->storage, 0, sizeof(address->storage));
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		address->storage.ss_family = AF_INET6;
		address->bytes = sizeof(*v6);
		return 0;
	}
	return -EINVAL;
}

/* Where the port begins, after its colon; NULL: there is none. */
static const char *find_port(const char *text)
{
	const char *colon = strrchr(text, ':');

	if (text[0] == '[') {
		const char *bracket = strchr(text, ']');

		return bracket && bracket[1] == ':' ? bracket + 2 : NULL;
	}
	return colon && colon == strchr(text, ':') ? colon + 1 : NULL;
}

/* Takes the brackets off; false where they are not a pair around it all. */
static bool unwrap(char *host)
{
	size_t length = strlen(host);

	if (host[0] != '[') {
		return true;
	}
	if (host[length - 1] != ']' || !strchr(host, ':')) {
		return false;
	}
	memmove(host, host + 1, length - 2);
	host[length - 2] = '\0';
	return true;
}

int address_parse(const char *text, struct address *ret_address)
{
	const char *port_text = find_port(text);
	size_t host_bytes = port_text ? (size_t)(port_text - text) - 1 : strlen(text);
	char host[INET6_ADDRSTRLEN + 2];
	struct address address = { .has_host = host_bytes > 0, .has_port = port_text };
	uint16_t port = 0;

	if (host_bytes >= sizeof(host) || (port_text && parse_port(port_text, &port))) {
		return -EINVAL;
	}
	memcpy(host, text, host_bytes);
	host[host_bytes] = '\0';
	if (!unwrap(host) || (!address.has_host && !address.has_port) ||
	    parse_host(address.has_host ? host : "127.0.0.1", &address)) {
		return -EINVAL;
	}
	address_set_port(&address, port);
	*ret_address = address;
	return 0;
}

bool address_is_multicast(const struct address *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

	if (address->storage.ss_family == AF_INET) {
		return (((const uint8_t *)&v4->sin_addr)[0] & 0xf0) == 0xe0;
	}
	return v6->sin6_addr.s6_addr[0] == 0xff;
}

uint16_t address_port(const struct address *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;

	return ntohs(address->storage.ss_family == AF_INET ? v4->sin_port
							   : v6->sin6_port);
}

bool address_is_low_port(const char *text)
{
	struct address address;

	return address_parse(text, &address) == 0 && address.has_port &&
	       address_port(&address) < LOW_PORTS;
}

void address_set_port(struct address *address, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->storage;

	if (address->storage.ss_family == AF_INET) {
		v4->sin_port = htons(port);
	} else {
		v6->sin6_port = htons(port);
	}
}

static bool is_from_v4(const struct address *wanted, const struct sockaddr_in *sender)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&wanted->storage;

	return v4->sin_addr.s_addr == sender->sin_addr.s_addr &&
	       (!wanted->has_port || v4->sin_port == sender->sin_port);
}

static bool is_from_v6(const struct address *wanted, const struct sockaddr_in6 *sender)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&wanted->storage;

	return memcmp(&v6->sin6_addr, &sender->sin6_addr, sizeof(v6->sin6_addr)) == 0 &&
	       (!wanted->has_port || v6->sin6_port == sender->sin6_port);
}

bool address_is_from(const struct address *wanted, const struct sockaddr_storage *sender)
{
	if (wanted->storage.ss_family != sender->ss_family) {
		return false;
	}
	return sender->ss_family == AF_INET
		       ? is_from_v4(wanted, (const struct sockaddr_in *)sender)
		       : is_from_v6(wanted, (const struct sockaddr_in6 *)sender);
}
