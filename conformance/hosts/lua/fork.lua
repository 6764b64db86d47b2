local ffi = require("ffi")
local lts = require("openlts")

ffi.cdef("int fork(void); int getpid(void); int kill(int process, int signal); int wait(int *status);")

-- Before the fork, or in each process.
local opened = arg[1] == "after-init" and lts.open_license()
for worker = 1, 4 do
  if ffi.C.fork() == 0 then
    local license = opened or lts.open_license()
    for _ = 1, 1000 do lts.library.LTS_RecordOperation(license, lts.QR_CODE, 1) end
    if worker == 1 then ffi.C.kill(ffi.C.getpid(), 9) end
    os.exit(true)
  end
end
local license = opened or lts.open_license()
for _ = 1, 500 do lts.library.LTS_RecordOperation(license, lts.PAGE_SCANNED, 1) end
while ffi.C.wait(nil) > 0 do end
print("recorded")
io.stdout:flush()
os.exit(lts.library.LTS_CloseLicense(license, 3000) == 0)
