#define FFI_SCOPE "OPENLTS"
#define FFI_LIB "libopenlts.so.0"
int32_t LTS_InitLicense(const char *key, void *parameters, int64_t *license, char *message, int32_t length);
int32_t LTS_RecordOperation(int64_t license, int32_t type, int32_t count);
int32_t LTS_CloseLicense(int64_t license, int32_t timeout);
