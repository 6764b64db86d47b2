local lts = require("openlts")

local license = lts.open_license()
for _ = 1, 4000 do lts.library.LTS_RecordOperation(license, lts.QR_CODE, 1) end
for _ = 1, 500 do lts.library.LTS_RecordOperation(license, lts.PAGE_SCANNED, 1) end
print("recorded")
io.stdout:flush()
os.exit(lts.library.LTS_CloseLicense(license, 3000) == 0)
