"""The C ABI as ctypes sees it: declarations only, in the order of ``openlts.h``.

Names are those of the header, so that both can be read side by side; a test compares them. Everything else in the
package is built on this module. Use it directly only for what the package does not offer.
"""

from ctypes import (
    CDLL,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_int32,
    c_int64,
    c_uint32,
    c_uint64,
)

#: The version of the binary interface these declarations describe (``LTS_ABI_VERSION``).
ABI_VERSION = 1

License = c_int64


class ConnectionParameters(Structure):
    """``LTS_ConnectionParameters``"""

    _fields_ = (
        # generated: ConnectionParameters
        ("structSize", c_uint32),
        ("reserved", c_int32),
        ("mainServerURL", c_char_p),
        ("standbyServerURL", c_char_p),
        ("handshakeCode", c_char_p),
        ("sessionPassword", c_char_p),
        ("organizationID", c_char_p),
        ("deploymentType", c_int32),
        ("chargeWay", c_int32),
        ("UUIDGenerationMethod", c_int32),
        ("maxBufferDays", c_int32),
        ("limitedLicenseModules", POINTER(c_int32)),
        ("limitedLicenseModulesCount", c_int32),
        ("maxConcurrentInstanceCount", c_int32),
        ("products", c_int32),
        ("resubmit", c_int32),
        ("productVersion", c_char_p),
        ("edition", c_char_p),
        ("validationField", c_char_p),
        ("deviceFriendlyName", c_char_p),
        ("deviceUUID", c_char_p),
        ("serverPublicKey", c_char_p),
        ("caFile", c_char_p),
        ("proxyURL", c_char_p),
        ("dataDirectory", c_char_p),
        ("slotSeconds", c_int32),
        ("initTimeoutMilliseconds", c_int32),
        ("requestTimeoutMilliseconds", c_int32),
        ("reserved2", c_int32),
        # generated: end
    )


class LicenseInfo(Structure):
    """``LTS_LicenseInfo``"""

    _fields_ = (
        # generated: LicenseInfo
        ("structSize", c_uint32),
        ("stateFlags", c_uint32),
        ("statusCode", c_int32),
        ("chargeWay", c_int32),
        ("slotSeconds", c_int32),
        ("reserved", c_int32),
        ("authorizedAt", c_int64),
        ("validUntil", c_int64),
        ("bufferUntil", c_int64),
        ("quotaLimit", c_int64),
        ("quotaUsed", c_int64),
        ("modules", c_uint64),
        ("recorded", c_int64),
        ("accepted", c_int64),
        ("pending", c_int64),
        ("lost", c_int64),
        ("lostExpired", c_int64),
        ("lostRefused", c_int64),
        ("lostStorage", c_int64),
        ("deviceUUID", c_char * 40),
        ("runUUID", c_char * 40),
        ("handshakeCode", c_char * 256),
        ("organizationID", c_char * 256),
        ("itemID", c_char * 256),
        ("statusMessage", c_char * 256),
        # generated: end
    )


class Event(Structure):
    """``LTS_Event``"""

    _fields_ = (
        # generated: Event
        ("structSize", c_uint32),
        ("kind", c_int32),
        ("statusCode", c_int32),
        ("stateFlags", c_uint32),
        ("time", c_int64),
        ("units", c_int64),
        ("message", c_char * 256),
        # generated: end
    )


#: Every function of the header: name, result, arguments.
FUNCTIONS = (
    ("LTS_Version", c_char_p, ()),
    ("LTS_ABIVersion", c_int32, ()),
    ("LTS_StatusName", c_char_p, (c_int32,)),
    ("LTS_StatusMessage", c_char_p, (c_int32,)),
    ("LTS_InitLTSConnectionParameters", c_int32, (POINTER(ConnectionParameters), c_uint32)),
    (
        "LTS_InitLicenseFromLTS",
        c_int32,
        (POINTER(ConnectionParameters), POINTER(License), c_char_p, c_int32),
    ),
    (
        "LTS_InitLicense",
        c_int32,
        (c_char_p, POINTER(ConnectionParameters), POINTER(License), c_char_p, c_int32),
    ),
    ("LTS_DefineOperationType", c_int32, (License, c_char_p, POINTER(c_int32))),
    ("LTS_RecordOperation", c_int32, (License, c_int32, c_int32)),
    ("LTS_RecordOperationAt", c_int32, (License, c_int32, c_int32, c_int64)),
    ("LTS_SubmitReports", c_int32, (License, c_int32)),
    ("LTS_PollEvent", c_int32, (License, POINTER(Event), c_int32)),
    ("LTS_GetLicenseInfo", c_int32, (License, POINTER(LicenseInfo))),
    ("LTS_GetDeviceUUID", c_int32, (POINTER(ConnectionParameters), c_char_p, c_int32)),
    ("LTS_CloseLicense", c_int32, (License, c_int32)),
)


def declare(library: CDLL) -> None:
    """Gives every function of ``library`` its argument and result types. Raises AttributeError for one it lacks."""
    for name, result, arguments in FUNCTIONS:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
