#include <openlts/openlts.h>
#include <stdio.h>

int main(void) {
  printf("C: OpenLTS %s\n", LTS_Version());
  return LTS_ABIVersion() == LTS_ABI_VERSION ? 0 : 1;
}
