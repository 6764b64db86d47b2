import ctypes
import os
import sys
import threading

QR_CODE, PAGE_SCANNED = 16, 64
lts = ctypes.CDLL("libopenlts.so.0")
lts.LTS_RecordOperation.argtypes = [ctypes.c_int64, ctypes.c_int32, ctypes.c_int32]
lts.LTS_CloseLicense.argtypes = [ctypes.c_int64, ctypes.c_int32]

license = ctypes.c_int64()
message = ctypes.create_string_buffer(256)
if lts.LTS_InitLicense(os.environ["LTS_KEY"].encode(), None, ctypes.byref(license), message, 256) != 0:
    sys.exit(message.value.decode())


def decode() -> None:
    for _ in range(1000):
        lts.LTS_RecordOperation(license, QR_CODE, 1)


threads = [threading.Thread(target=decode) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(500):
    lts.LTS_RecordOperation(license, PAGE_SCANNED, 1)
for thread in threads:
    thread.join()
print("recorded", flush=True)
sys.exit(lts.LTS_CloseLicense(license, 3000) != 0)
