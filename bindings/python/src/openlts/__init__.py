"""License authorization and usage metering for native SDKs.

::

    import openlts

    parameters = openlts.ConnectionParameters(
        main_server_url="https://lts.example.com", handshake_code="100001-reader"
    )
    with openlts.License.from_lts(parameters) as license:
        license.record(openlts.OperationType.QR_CODE)

The native library is loaded at first use; :func:`load` does it earlier, or from another place.
"""

from .definitions import (
    ChargeWay,
    DeploymentType,
    EventKind,
    LicenseModule,
    OperationType,
    Product,
    Resubmit,
    StateFlag,
    StatusCode,
    UUIDGenerationMethod,
)
from .errors import AuthorizationError, LibraryError, LTSError
from .library import abi_version, load, status_message, status_name, version
from .license import Event, License, LicenseInfo, device_uuid
from .parameters import ConnectionParameters

__version__ = "0.1.0"

__all__ = [
    "AuthorizationError",
    "ChargeWay",
    "ConnectionParameters",
    "DeploymentType",
    "Event",
    "EventKind",
    "LTSError",
    "LibraryError",
    "License",
    "LicenseInfo",
    "LicenseModule",
    "OperationType",
    "Product",
    "Resubmit",
    "StateFlag",
    "StatusCode",
    "UUIDGenerationMethod",
    "abi_version",
    "device_uuid",
    "load",
    "status_message",
    "status_name",
    "version",
]
