# rtloop. `make help` lists the targets; CONTRIBUTING.md says more. Sources are found by folder, so a
# new file needs no line here.

# What a distribution or a user may set, here or in the environment.
PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
LDFLAGS ?=
# SANITIZE=address,undefined or SANITIZE=thread: a build of its own, beside the ordinary one.
SANITIZE ?=
# WERROR=1: a warning is an error.
WERROR ?=
# WITHOUT=libgpiod: an optional library that is there, but is not to be used.
WITHOUT ?=

ifneq ($(findstring thread,$(SANITIZE)),)
BUILD ?= build/tsan
else ifneq ($(SANITIZE),)
BUILD ?= build/asan
else
BUILD ?= build
endif
# One name, however it is given: what an object depends on is written down by name.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))

ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS_COMPILE)gcc
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := $(CROSS_COMPILE)ar
endif
# A cross build without a pkg-config of its own asks for the libraries that Debian installs beside
# those of this machine; not for the latter, which would be found and could not be linked.
ifeq ($(PKG_CONFIG),)
PKG_CONFIG := $(or $(shell command -v $(CROSS_COMPILE)pkg-config 2>/dev/null),pkg-config)
ifneq ($(CROSS_COMPILE),)
ifeq ($(PKG_CONFIG)$(PKG_CONFIG_LIBDIR)$(PKG_CONFIG_SYSROOT_DIR),pkg-config)
PKG_CONFIG := PKG_CONFIG_LIBDIR=/usr/lib/$(CROSS_COMPILE:%-=%)/pkgconfig:/usr/share/pkgconfig pkg-config
endif
endif
endif

# The release that the next tag will carry; between tags the commit is added to it.
RELEASE := 0.1.0

# pkg-config names, NAME>=VERSION where the version matters; each optional one that is found defines
# HAVE_<NAME> and is linked, each one that is not is listed as missing by `rtloop version`.
REQUIRED_LIBRARIES := yaml-0.1 libdeflate
OPTIONAL_LIBRARIES := libgpiod>=2

# Asked once, here; what is missing on a bare machine is said when something is to be compiled.
library_name = $(firstword $(subst >=, ,$(1)))
library_found = $(shell $(PKG_CONFIG) --exists '$(subst >=, >= ,$(1))' 2>/dev/null && echo yes)
upper = $(shell printf '%s' '$(1)' | tr 'a-z-' 'A-Z_')
MISSING_REQUIRED := $(strip $(foreach l,$(REQUIRED_LIBRARIES),$(if $(call library_found,$(l)),,$(l))))
OPTIONAL_FOUND := $(strip $(foreach l,$(OPTIONAL_LIBRARIES),\
	$(if $(filter $(WITHOUT),$(call library_name,$(l))),,$(if $(call library_found,$(l)),$(l)))))
OPTIONAL_MISSING := $(filter-out $(OPTIONAL_FOUND),$(OPTIONAL_LIBRARIES))
LIBRARIES := $(foreach l,$(filter-out $(MISSING_REQUIRED),$(REQUIRED_LIBRARIES)) $(OPTIONAL_FOUND),\
	$(call library_name,$(l)))
ifneq ($(strip $(LIBRARIES)),)
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES))
LIBRARY_LIBS   := $(shell $(PKG_CONFIG) --libs $(LIBRARIES))
endif
# Kernel interfaces that are asked for by header: io_uring as of Linux 6.1. NAME:HEADER:WORD-IN-IT.
OPTIONAL_HEADERS := io_uring:linux/io_uring.h:IORING_SETUP_DEFER_TASKRUN
header_found = $(shell printf '%s\n' '\#include <$(word 2,$(1))>' '\#ifndef $(word 3,$(1))' '\#error' '\#endif' | \
	$(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo yes)
HEADERS_FOUND := $(foreach h,$(OPTIONAL_HEADERS),$(if $(filter $(WITHOUT),$(firstword $(subst :, ,$(h)))),,\
	$(if $(call header_found,$(subst :, ,$(h))),$(firstword $(subst :, ,$(h))))))
OPTIONAL_MISSING += $(filter-out $(HEADERS_FOUND),$(foreach h,$(OPTIONAL_HEADERS),$(firstword $(subst :, ,$(h)))))
CMOCKA_CFLAGS = $(shell $(PKG_CONFIG) --cflags cmocka)
CMOCKA_LIBS   = $(shell $(PKG_CONFIG) --libs cmocka)
CK_CFLAGS     = $(shell $(PKG_CONFIG) --cflags ck)
CK_LIBS       = $(shell $(PKG_CONFIG) --libs ck)

LIBRARY_CFLAGS += $(foreach l,$(OPTIONAL_FOUND),-DHAVE_$(call upper,$(call library_name,$(l)))) $(foreach h,$(HEADERS_FOUND),-DHAVE_$(call upper,$(h)))
# On 32 bits too, a time is good for longer than 2038 and a log may be longer than 2 GiB.
ALL_CPPFLAGS := -I. -D_GNU_SOURCE -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64 $(LIBRARY_CFLAGS) $(CPPFLAGS)
WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	$(if $(WERROR),-Werror)
# -ffp-contract=off: a fused multiply-add would make the same program compute other values on Arm.
# -z now: no symbol is bound lazily, in the cycle thread of all places.
ALL_CFLAGS := -std=gnu11 -pthread -fPIE -ffp-contract=off -fstack-protector-strong $(WARNINGS) $(CFLAGS)
ALL_LDFLAGS := -pthread -pie -Wl,-z,relro,-z,now $(LDFLAGS)
ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else ifneq ($(filter -O1 -O2 -O3 -Os,$(CFLAGS)),)
ALL_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
# Before its version 2.34, glibc kept dlopen() in a library of its own.
ALL_LIBS := $(LIBRARY_LIBS) -ldl -lm

SOURCES := $(filter-out rtloop/main.c,$(wildcard rtloop/*.c rtloop/*/*.c config/*.c drivers/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
MAIN    := $(BUILD)/obj/rtloop/main.o
PROGRAM := $(BUILD)/rtloop
PAGES   := $(BUILD)/rtloop.1 $(BUILD)/rtloop.yaml.5 $(BUILD)/rtloop-measure.1
COMPLETIONS := $(BUILD)/rtloop.bash $(BUILD)/rtloop-measure.bash
ARCHIVE := $(BUILD)/librtloop.a

UNIT_SOURCES  := $(wildcard tests/unit/test_*.c)
FAKE_SOURCES  := $(wildcard tests/fakes/*.c)
# A peer that is made of a library says so: a line "needs: libmodbus" in a comment of it. Without
# that library it is not built, and the tests that want it are skipped.
needs = $(shell sed -n 's/^[ \t/*]*needs: *\([a-z0-9_. -]*\).*/\1/p' $(1))
PEER_SOURCES  := $(foreach p,$(wildcard tests/peers/*.c),\
	$(if $(foreach l,$(call needs,$(p)),$(if $(call library_found,$(l)),,$(l))),,$(p)))
BENCH_SOURCES := $(wildcard tests/bench/*.c)
# tests/fuzz/fuzz_X.c is the target X; what only those share that read a log has another name.
FUZZ_SOURCES   := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_SHARED    := $(filter-out $(FUZZ_SOURCES),$(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS  := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
FUZZ_LOG_PROGRAMS := $(BUILD)/tests/fuzz/fuzz_log $(BUILD)/tests/fuzz/fuzz_recover
PLUGIN_SOURCES := $(wildcard tests/plugins/*.c)
SIM_SOURCES    := $(wildcard tests/sim/*.c)
# It switches stacks by itself, of which ThreadSanitizer knows nothing.
SIM_PROGRAM    := $(if $(findstring thread,$(SANITIZE)),,$(BUILD)/tests/sim/sim)
PLUGINS        := $(PLUGIN_SOURCES:%.c=$(BUILD)/%.so)
UNIT_PROGRAMS  := $(UNIT_SOURCES:%.c=$(BUILD)/%)
PEER_PROGRAMS  := $(PEER_SOURCES:%.c=$(BUILD)/%)
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(BUILD)/%)
FAKE_ARCHIVE   := $(BUILD)/libfakes.a
TEST_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(UNIT_SOURCES) $(FAKE_SOURCES) $(PEER_SOURCES) $(BENCH_SOURCES) $(SIM_SOURCES) \
	$(wildcard tests/sites/*.c) $(FUZZ_SOURCES) $(FUZZ_SHARED))

# V=1 shows the commands, -s nothing.
ifeq ($(V),)
Q := @
ifeq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
say = @printf '  %-6s %s\n' '$(1)' '$(2)'
endif
endif

.PHONY: all
all: $(PROGRAM)

$(PROGRAM): $(MAIN) $(OBJECTS) $(BUILD)/sources
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(MAIN) $(OBJECTS) $(ALL_LIBS)

# `q`, not `r`: two folders may hold a file of the same name.
$(ARCHIVE): $(OBJECTS) $(BUILD)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) qcsD $@ $(OBJECTS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(EXTRA_CPPFLAGS) $(ALL_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<

# Only this one knows the version: a commit does not recompile the rest.
$(BUILD)/obj/rtloop/cmd/version.o: $(BUILD)/gen/rtloop/cmd/build_info.h
$(BUILD)/obj/rtloop/cmd/version.o: EXTRA_CPPFLAGS = -I$(BUILD)/gen

# Files that are written anew only when what they say changes, so that what depends on them is built
# anew just then.
define write_if_changed
@mkdir -p $(@D)
@printf '%s\n' $(1) > $@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv -f $@.$$$$ $@; fi
endef
quote = '$(subst ','\'',$(strip $(1)))'

.PHONY: FORCE
FORCE:

$(BUILD)/flags: FORCE
	$(if $(MISSING_REQUIRED),$(error not found by $(PKG_CONFIG): $(MISSING_REQUIRED). \
		`make deps` installs what the build needs))
	$(call write_if_changed,$(call quote,$(CC)) $(call quote,$(ALL_CPPFLAGS)) \
		$(call quote,$(ALL_CFLAGS)) $(call quote,$(ALL_LDFLAGS) $(ALL_LIBS)))

$(BUILD)/sources: FORCE
	$(call write_if_changed,$(call quote,$(SOURCES)))

VERSION = $(shell scripts/version.sh $(RELEASE))
# What a package's build adds to CFLAGS on account of its folder says nothing, and would differ each time.
SHOWN_CFLAGS = $(filter-out -ffile-prefix-map=%,$(CFLAGS))
library_versions = $(foreach l,$(LIBRARIES),$(l) $(shell $(PKG_CONFIG) --modversion $(l)))
$(BUILD)/gen/rtloop/cmd/build_info.h: FORCE
	$(call write_if_changed,\
		'/* Written by the Makefile. */' \
		$(call quote,#define BUILD_VERSION "$(VERSION)") \
		$(call quote,#define BUILD_DATE "$(shell scripts/version.sh --date)") \
		$(call quote,#define BUILD_FLAGS "$(subst ",\",$(SHOWN_CFLAGS))$(if $(SANITIZE), -fsanitize=$(SANITIZE))") \
		$(call quote,#define BUILD_LIBRARIES "$(library_versions)") \
		$(call quote,#define BUILD_MISSING "$(OPTIONAL_MISSING)"))

# --- tests -------------------------------------------------------------------------------------------

# A test may replace functions of other files: a line "wraps: sys_read sys_write" in a comment of it
# becomes -Wl,--wrap=... for that one program.
wraps = $(shell sed -n 's/^[ \t/*]*wraps: *\([a-z0-9_ ]*\).*/\1/p' $(1))

$(TEST_OBJECTS): EXTRA_CFLAGS = -Wno-unused-parameter
$(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/fakes/%.o: EXTRA_CPPFLAGS = $(CMOCKA_CFLAGS)
$(BUILD)/obj/tests/bench/%.o: EXTRA_CPPFLAGS = $(CK_CFLAGS)

$(FAKE_ARCHIVE): $(FAKE_SOURCES:%.c=$(BUILD)/obj/%.o)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) qcsD $@ $^

$(UNIT_PROGRAMS): $(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(FAKE_ARCHIVE) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) \
		$(addprefix -Wl$(comma)--wrap=,$(call wraps,tests/unit/$*.c)) \
		-o $@ $^ $(CMOCKA_LIBS) $(ALL_LIBS)
comma := ,

needed_libs = $(foreach l,$(call needs,$(1)),$(shell $(PKG_CONFIG) --libs $(l)))
$(PEER_PROGRAMS): $(BUILD)/tests/peers/%: $(BUILD)/obj/tests/peers/%.o $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(call needed_libs,tests/peers/$*.c) $(ALL_LIBS)

$(PLUGINS): $(BUILD)/%.so: %.c rtloop/plugin/rtloop_plugin.h $(BUILD)/flags
	$(call say,SO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Irtloop/plugin $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -shared -o $@ $<

# Its kernel is linked in the place of the C library's functions that its files name.
$(BUILD)/tests/sim/sim: $(SIM_SOURCES:%.c=$(BUILD)/obj/%.o) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) \
		$(addprefix -Wl$(comma)--wrap=,$(foreach s,$(SIM_SOURCES),$(call wraps,$(s)))) \
		-o $@ $^ $(ALL_LIBS)

$(BENCH_PROGRAMS): $(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(CK_LIBS) $(ALL_LIBS)

# rtloop itself, with wrappers around all that can fail; see tests/sites/main.c.
SITES := $(BUILD)/tests/sites/sites
SITES_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/sites/*.c))
sites_wrapped = main cycle_main $(shell sed -n 's/^\tX.\([a-z_0-9]*\),.*/\1/p' tests/sites/wraps.c)
$(SITES): $(SITES_OBJECTS) $(MAIN) $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -rdynamic $(addprefix -Wl$(comma)--wrap=,$(sites_wrapped)) \
		-o $@ $^ $(ALL_LIBS)
.PHONY: sites
sites: $(SITES) $(PLUGINS)

$(FUZZ_LOG_PROGRAMS): $(FUZZ_SHARED:%.c=$(BUILD)/obj/%.o)
$(FUZZ_PROGRAMS): $(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FAKE_ARCHIVE) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(CMOCKA_LIBS) $(ALL_LIBS)

# Until it is stopped, for SIM_SECONDS=, or until SIM_CYCLES= are run; from SIM_SEED= on, or from a new one.
.PHONY: sim sim-run
sim:
	@scripts/deps.sh test
	@+$(MAKE) --no-print-directory sim-run
sim-run: $(SIM_PROGRAM)
	@$(SIM_PROGRAM) --seed $(or $(SIM_SEED),$(shell date +%s)) \
		$(SIM_CYCLES:%=--cycles %) $(SIM_SECONDS:%=--seconds %)

# All that tests link, as check compiles it.
.PHONY: test-programs peers benches
test-programs: $(UNIT_PROGRAMS) $(PEER_PROGRAMS) $(PLUGINS)
peers: $(PEER_PROGRAMS)
benches: $(BENCH_PROGRAMS)

# The second make reads this file again, when the first has installed what it asks for.
.PHONY: test test-unit test-integration test-run test-unit-run test-integration-run
test test-unit test-integration:
	@scripts/deps.sh test
	@+$(MAKE) --no-print-directory $@-run

RUN_TESTS = BUILD='$(abspath $(BUILD))' tests/run.sh
test-run: $(PROGRAM) $(UNIT_PROGRAMS) $(PEER_PROGRAMS) $(PLUGINS) $(SIM_PROGRAM) $(SITES)
	@$(RUN_TESTS) unit integration
test-unit-run: $(UNIT_PROGRAMS)
	@$(RUN_TESTS) unit
test-integration-run: $(PROGRAM) $(PEER_PROGRAMS) $(PLUGINS) $(SIM_PROGRAM) $(SITES)
	@$(RUN_TESTS) integration

# What takes longer: docs/reliability.md. `make test-X` is one piece of it, with what it needs.
.PHONY: test-long test-long-run test-sanitize test-sanitize-run sanitized-run
test-long test-sanitize:
	@scripts/deps.sh long
	@+$(MAKE) --no-print-directory $@-run
test-long-run: $(PROGRAM) $(UNIT_PROGRAMS) $(PEER_PROGRAMS) $(PLUGINS) $(SIM_PROGRAM)
	@+BUILD='$(abspath $(BUILD))' scripts/test-long.sh
test-sanitize-run:
	@+$(MAKE) --no-print-directory SANITIZE=address,undefined BUILD='$(BUILD)/sanitize' sanitized-run
sanitized-run: $(PROGRAM) $(UNIT_PROGRAMS) $(PEER_PROGRAMS) $(PLUGINS) $(SIM_PROGRAM) $(SITES)
	@+BUILD='$(abspath $(BUILD))' scripts/test-sanitize.sh

# Optimised code has fewer lines and branches than what was written.
.PHONY: coverage coverage-run covered-run
coverage:
	@scripts/deps.sh long
	@+$(MAKE) --no-print-directory $@-run
coverage-run:
	@+$(MAKE) --no-print-directory CFLAGS='-O0 -g --coverage -fprofile-update=atomic' BUILD='$(BUILD)/coverage' \
		covered-run
covered-run: $(PROGRAM) $(UNIT_PROGRAMS) $(PEER_PROGRAMS) $(PLUGINS) $(SITES)
	@+BUILD='$(abspath $(BUILD))' scripts/coverage.sh $(COVERAGE_OF)

# Those with threads of their own, under the thread sanitizer.
THREAD_TESTS := test_ring_stress test_record test_logger test_writer test_syncer test_notes test_view test_async test_orders \
	test_control test_control_socket test_live test_app
THREAD_PROGRAMS = $(patsubst %,$(BUILD)/tests/unit/%,$(THREAD_TESTS))
.PHONY: test-threads test-threads-run thread-programs
test-threads:
	@scripts/deps.sh test
	@+$(MAKE) --no-print-directory $@-run
test-threads-run:
	@+$(MAKE) --no-print-directory SANITIZE=thread BUILD='$(BUILD)/threads' thread-programs
thread-programs: $(THREAD_PROGRAMS)
	@RTLOOP_STRESS_CYCLES=50000 TEST_TIMEOUT_S=600 TESTS='$(THREAD_TESTS)' $(RUN_TESTS) unit

# The ring between cycle and logger, every state of it, by SPIN.
.PHONY: check-model
check-model:
	@scripts/deps.sh long
	@BUILD='$(abspath $(BUILD))' tests/model/run.sh

# Inputs made up by libFuzzer, for which clang builds all of it anew.
FUZZ_CC ?= clang
FUZZ_MAKE = $(MAKE) --no-print-directory CC='$(FUZZ_CC)' SANITIZE=address,undefined \
	CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' BUILD='$(BUILD)/fuzz' fuzz-programs
.PHONY: fuzz fuzz-run test-fuzz test-fuzz-run fuzz-programs
fuzz test-fuzz:
	@scripts/deps.sh long
	@+$(MAKE) --no-print-directory $@-run
fuzz-run test-fuzz-run:
	@+$(FUZZ_MAKE)
	@BUILD='$(abspath $(BUILD))/fuzz' scripts/fuzz.sh $(if $(filter fuzz-run,$@),long,short)
fuzz-programs: $(FUZZ_PROGRAMS)

# In a virtual machine with a PREEMPT_RT kernel: docs/testbed.md.
.PHONY: test-rt test-rt-run bench-rt bench-rt-run
test-rt bench-rt:
	@scripts/deps.sh rt $(if $(filter bench-rt,$@),bench)
	@+$(MAKE) --no-print-directory $@-run
test-rt-run: $(PROGRAM) $(PAGES) $(COMPLETIONS) $(BUILD)/rtloop-plugin.pc $(UNIT_PROGRAMS) $(PEER_PROGRAMS) $(PLUGINS) $(SITES)
	@BUILD='$(abspath $(BUILD))' scripts/test-rt.sh
bench-rt-run: $(PROGRAM) $(PEER_PROGRAMS) $(BENCH_PROGRAMS)
	@BUILD='$(abspath $(BUILD))' scripts/bench-rt.sh

# Cross-built, under qemu's user emulation.
.PHONY: test-arm test-arm-run
test-arm:
	@scripts/deps.sh arm
	@+$(MAKE) --no-print-directory $@-run
test-arm-run: $(PROGRAM)
	@+BUILD='$(abspath $(BUILD))' scripts/test-arm.sh

.PHONY: demo demo-run
demo:
	@scripts/deps.sh demo
	@+$(MAKE) --no-print-directory demo-run
demo-run: $(PROGRAM) $(PEER_PROGRAMS)
	@BUILD='$(abspath $(BUILD))' scripts/demo.sh

.PHONY: bench bench-run
bench:
	@scripts/deps.sh bench
	@+$(MAKE) --no-print-directory bench-run
bench-run: $(PROGRAM) $(PEER_PROGRAMS) $(BENCH_PROGRAMS)
	@BUILD='$(abspath $(BUILD))' scripts/bench.sh

# For checkers that compile a file by themselves.
.PHONY: print-library-flags print-libraries
print-library-flags:
	@echo $(call quote,$(LIBRARY_CFLAGS))
print-libraries:
	@echo $(call quote,$(ALL_LIBS))

.PHONY: check check-rt deps
check:
	@scripts/deps.sh check
	@scripts/check.sh
check-rt:
	@scripts/deps.sh check test
	@scripts/check-rt.sh
	@scripts/rtsan.sh
deps:
	@scripts/deps.sh

# --- install -----------------------------------------------------------------------------------------

bindir  := $(DESTDIR)$(PREFIX)/bin
mandir  := $(DESTDIR)$(PREFIX)/share/man
compdir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
docdir  := $(DESTDIR)$(PREFIX)/share/doc/rtloop
# Where the program looks for them: beside its own folder.
plotdir := $(DESTDIR)$(PREFIX)/share/rtloop/plot
measuredir := $(DESTDIR)$(PREFIX)/share/rtloop/measure
# What plugins in C are made with; the folder of the pkg-config file is one for every machine.
includedir := $(DESTDIR)$(PREFIX)/include
pkgconfigdir := $(DESTDIR)$(PREFIX)/share/pkgconfig

# A cross-built program does not run here: give RTLOOP_HOST=<an rtloop built for this machine>.
RTLOOP_HOST ?= $(PROGRAM)
$(BUILD)/rtloop.1: $(PROGRAM)
	$(call say,MAN,$@)
	$(Q)$(RTLOOP_HOST) help --man > $@.tmp && mv -f $@.tmp $@
$(BUILD)/rtloop.yaml.5: $(PROGRAM)
	$(call say,MAN,$@)
	$(Q)$(RTLOOP_HOST) drivers --man > $@.tmp && mv -f $@.tmp $@
$(BUILD)/rtloop.bash: $(PROGRAM)
	$(call say,GEN,$@)
	$(Q)$(RTLOOP_HOST) help --completion bash > $@.tmp && mv -f $@.tmp $@

# Scripts say with --help all that their pages and completions do.
$(BUILD)/rtloop-measure.1: scripts/measure.sh scripts/help-to.sh $(PROGRAM)
	$(call say,MAN,$@)
	$(Q)RTLOOP=$(RTLOOP_HOST) $< --help | scripts/help-to.sh man rtloop-measure \
		'measure how well a machine keeps time, beside cyclictest' \
		"$$(scripts/version.sh --date)" '$(VERSION)' > $@.tmp && mv -f $@.tmp $@
$(BUILD)/rtloop-measure.bash: scripts/measure.sh scripts/help-to.sh
	$(call say,GEN,$@)
	$(Q)$< --help | scripts/help-to.sh bash rtloop-measure > $@.tmp && mv -f $@.tmp $@
# It finds its prefix by where it is, so that a tree may be moved, or be below DESTDIR.
$(BUILD)/rtloop-plugin.pc: $(BUILD)/gen/rtloop/cmd/build_info.h rtloop/plugin/rtloop_plugin.h
	$(call say,GEN,$@)
	$(Q)printf '%s\n' 'prefix=$${pcfiledir}/../..' 'includedir=$${prefix}/include' \
		"abi=$$(sed -n 's/^#define RTLOOP_PLUGIN_ABI //p' rtloop/plugin/rtloop_plugin.h)" '' \
		'Name: rtloop-plugin' 'Description: logic in C for rtloop, as shared objects' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' > $@.tmp && mv -f $@.tmp $@
define newline


endef
page_path = $(foreach p,$(notdir $(1)),$(mandir)/man$(lastword $(subst ., ,$(p)))/$(p))
completion_path = $(patsubst %.bash,$(compdir)/%,$(notdir $(1)))

.PHONY: install uninstall
install: $(PROGRAM) $(PAGES) $(COMPLETIONS) $(BUILD)/rtloop-plugin.pc
	install -D -m 755 $(PROGRAM) $(bindir)/rtloop
	install -D -m 755 scripts/measure.sh $(bindir)/rtloop-measure
	$(foreach p,$(PAGES),install -D -m 644 $(p) $(call page_path,$(p))$(newline)	)
	$(foreach c,$(COMPLETIONS),install -D -m 644 $(c) $(call completion_path,$(c))$(newline)	)
	install -d $(docdir)/docs $(docdir)/examples $(plotdir) $(measuredir)
	install -m 644 $(wildcard scripts/plot/*.gp) $(plotdir)
	install -m 644 $(wildcard scripts/measure/*.sh scripts/measure/*.jq) $(measuredir)
	install -D -m 644 rtloop/plugin/rtloop_plugin.h $(includedir)/rtloop_plugin.h
	install -D -m 644 $(BUILD)/rtloop-plugin.pc $(pkgconfigdir)/rtloop-plugin.pc
	install -m 644 LICENSE $(wildcard README.md CONTRIBUTING.md) $(docdir)
	cp -R docs/. $(docdir)/docs
	cp -R config/examples/. $(docdir)/examples
	chmod -R u=rwX,go=rX $(docdir)

# Where systemd looks for what is installed: in the folders of packages, which it names itself, or in those
# of the machine's own. The unit, and what it takes: a user, folders, the right to devices.
ifeq ($(PREFIX),/usr)
folder_of = $(or $(shell $(PKG_CONFIG) --variable=$(1) $(2) 2>/dev/null),$(3))
systemdsystemunitdir ?= $(call folder_of,systemdsystemunitdir,systemd,/usr/lib/systemd/system)
sysusersdir ?= $(call folder_of,sysusersdir,systemd,/usr/lib/sysusers.d)
tmpfilesdir ?= $(call folder_of,tmpfilesdir,systemd,/usr/lib/tmpfiles.d)
udevdir     ?= $(call folder_of,udevdir,udev,/lib/udev)
else
systemdsystemunitdir ?= /usr/local/lib/systemd/system
sysusersdir ?= /usr/local/lib/sysusers.d
tmpfilesdir ?= /usr/local/lib/tmpfiles.d
udevdir     ?= /usr/local/lib/udev
endif
SERVICE_FILES = $(systemdsystemunitdir)/rtloop@.service $(sysusersdir)/rtloop.conf \
	$(tmpfilesdir)/rtloop.conf $(udevdir)/rules.d/60-rtloop.rules

.PHONY: install-service
install-service:
	install -d $(addprefix $(DESTDIR),$(dir $(SERVICE_FILES)))
	sed 's|/usr/bin/|$(PREFIX)/bin/|; s|/usr/share/|$(PREFIX)/share/|' packaging/systemd/rtloop@.service \
		>$(DESTDIR)$(systemdsystemunitdir)/rtloop@.service
	chmod 644 $(DESTDIR)$(systemdsystemunitdir)/rtloop@.service
	install -m 644 packaging/systemd/rtloop.sysusers $(DESTDIR)$(sysusersdir)/rtloop.conf
	install -m 644 packaging/systemd/rtloop.tmpfiles $(DESTDIR)$(tmpfilesdir)/rtloop.conf
	install -m 644 packaging/systemd/60-rtloop.rules $(DESTDIR)$(udevdir)/rules.d/60-rtloop.rules
ifeq ($(DESTDIR),)
	@printf '%s\n' 'Now, as root:' '  systemd-sysusers && systemd-tmpfiles --create rtloop.conf' \
	'  udevadm control --reload && udevadm trigger --subsystem-match=gpio --subsystem-match=misc' \
	'  systemctl daemon-reload'
endif

uninstall:
	rm -f $(bindir)/rtloop $(bindir)/rtloop-measure $(call page_path,$(PAGES)) \
		$(call completion_path,$(COMPLETIONS)) $(addprefix $(DESTDIR),$(SERVICE_FILES)) \
		$(includedir)/rtloop_plugin.h $(pkgconfigdir)/rtloop-plugin.pc
	rm -rf $(docdir) $(plotdir) $(measuredir)
	rmdir $(dir $(plotdir)) 2>/dev/null || :

# --- the Debian package ----------------------------------------------------------------------------------

.PHONY: deb deb-run test-deb test-deb-run
deb test-deb:
	@scripts/deps.sh deb
	@+$(MAKE) --no-print-directory $@-run
deb-run:
	@BUILD='$(abspath $(BUILD))' scripts/deb.sh '$(shell scripts/version.sh --debian $(RELEASE))'
test-deb-run: deb-run
	@BUILD='$(abspath $(BUILD))' scripts/test-deb.sh

.PHONY: clean help
clean:
	rm -rf $(BUILD)

help:
	@printf '%s\n' \
	'make            build $(PROGRAM)' \
	'make demo       watch rtloop hold an oven at its set point, by serial line, and log it (10 s)' \
	'make test       unit and integration tests; also test-unit, test-integration' \
	'make test-long  what takes longer: sanitizers, faults at random; also test-sanitize' \
	'make fuzz       let libFuzzer make up inputs; FUZZ_SECONDS=600 a target, FUZZ_TARGETS="frame log"' \
	'make coverage   lines and branches that the tests go through; what they do not, in $(BUILD)/coverage' \
	'make check-model  every state of the ring between cycle and logger, by SPIN' \
	'make test-rt    unit, integration and real-time tests on a PREEMPT_RT kernel in a virtual machine' \
	'make test-arm   build for arm64 and armhf, and run the unit tests of both under qemu-user' \
	'make check      format, warnings, layers, real-time tags, cppcheck, clang-tidy, shellcheck' \
	'make check-rt   the real-time tags, by the compiler, and by RealtimeSanitizer over the integration tests' \
	'make bench      measure, beside the targets; BENCH_SECONDS=5 for a quick look' \
	'make bench-rt   count instructions on that kernel: pacers beside cyclictest, cycles' \
	'make install    to PREFIX=$(PREFIX), under DESTDIR; also uninstall' \
	'make install-service  the unit rtloop@.service, its user, folders and the right to devices' \
	'make deb        a Debian package, in $(BUILD)/deb; test-deb installs it into a root of its own' \
	'make deps       install what all of these need' \
	'make clean      remove $(BUILD)' \
	'' \
	'Switches: CC CFLAGS LDFLAGS CROSS_COMPILE PKG_CONFIG BUILD V=1 WERROR=1' \
	'          SANITIZE=address,undefined SANITIZE=thread WITHOUT=libgpiod'

# Objects are kept, though only patterns name them.
.SECONDARY:
.DELETE_ON_ERROR:

-include $(OBJECTS:.o=.d) $(MAIN:.o=.d) $(TEST_OBJECTS:.o=.d)
