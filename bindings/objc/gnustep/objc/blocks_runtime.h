// clang asks for the blocks runtime by a name that Debian does not have.
#include <Block.h>
