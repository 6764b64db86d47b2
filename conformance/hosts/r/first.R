dyn.load(commandArgs(TRUE)[1])

opened <- .C("lts_open", Sys.getenv("LTS_KEY"), license = 0, message = strrep(" ", 255), 256L, status = 0L)
if (opened$status != 0) stop(opened$message)
record <- function(type) .C("lts_record", opened$license, type, 1L, 0L)

for (i in 1:4000) record(16L) # QR_CODE
for (i in 1:500) record(64L) # PAGE_SCANNED
cat("recorded\n")
quit(status = if (.C("lts_close", opened$license, 3000L, status = 0L)$status == 0) 0 else 1)
