/* A module's header is in the module's folder; the library's are where pkg-config says. */
#include <openlts/openlts.h>
