local ffi = require("ffi")

ffi.cdef([[
  int32_t LTS_InitLicense(const char *key, void *parameters, int64_t *license, char *message, int32_t length);
  int32_t LTS_RecordOperation(int64_t license, int32_t type, int32_t count);
  int32_t LTS_CloseLicense(int64_t license, int32_t timeout);
]])
local library = ffi.load("libopenlts.so.0")

local function open_license()
  local license, message = ffi.new("int64_t[1]"), ffi.new("char[256]")
  if library.LTS_InitLicense(os.getenv("LTS_KEY"), nil, license, message, 256) ~= 0 then
    error(ffi.string(message))
  end
  return license[0]
end

return {library = library, open_license = open_license, QR_CODE = 16, PAGE_SCANNED = 64}
