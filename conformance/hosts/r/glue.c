#include <openlts/openlts.h>

/* R's .C() passes the address of everything. */
void lts_open(char **key, double *license, char **message, int *length, int *status) {
  LTS_License opened;
  *status = LTS_InitLicense(*key, 0, &opened, *message, *length);
  *license = (double)opened;
}

void lts_record(double *license, int *type, int *count, int *status) {
  *status = LTS_RecordOperation((LTS_License)*license, *type, *count);
}

void lts_close(double *license, int *timeout, int *status) {
  *status = LTS_CloseLicense((LTS_License)*license, *timeout);
}
