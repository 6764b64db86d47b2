"""How to reach the License Tracking Server, and what to ask of it."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass, field
from typing import Any, Sequence

from . import native
from .c_values import int32, utf8
from .definitions import ChargeWay, DeploymentType, Product, Resubmit, StatusCode, UUIDGenerationMethod
from .errors import LTSError
from .library import Library


@dataclass
class ConnectionParameters:
    """How to reach the License Tracking Server (LTS), and what to ask of it.

    Fields up to ``products`` are the vendor's (docs/compatibility.md). An empty text means: not given. Setting a field
    that does not exist is an error. The parameters are read when a license is opened and not kept.
    """

    # generated: fields
    #: http(s)://host[:port][/path]; required.
    main_server_url: str = ""
    #: Used if the main server can't be reached.
    standby_server_url: str = ""
    #: Required, unless ``organization_id`` is set; both may be set.
    handshake_code: str = ""
    #: The session password of the code, if it has one.
    session_password: str = field(default="", repr=False)
    #: Without ``handshake_code``: the organization's default code is used.
    organization_id: str = ""
    #: Where the SDK runs (one of :class:`DeploymentType`).
    deployment_type: int = DeploymentType.DESKTOP
    #: How usage is to be charged (one of :class:`ChargeWay`).
    charge_way: int = ChargeWay.AUTO
    #: How the client UUID is made (one of :class:`UUIDGenerationMethod`).
    uuid_generation_method: int = UUIDGenerationMethod.RANDOM
    #: How many days an authorization may be used without the server; 0 to 6 count as 7; the license may allow fewer; 7
    #: by default.
    max_buffer_days: int = 7
    #: The modules to ask for (:class:`LicenseModule` members); empty: all.
    limited_license_modules: Sequence[int] = ()
    #: How many instances this machine will use at once, 1 to 1,000,000; matters only for licenses charged by instances;
    #: 1 by default.
    max_concurrent_instance_count: int = 1
    #: May be combined (:class:`Product` members, combined by ``|``).
    products: int = Product.ALL
    #: When a report whose submission failed is tried again (one of :class:`Resubmit`).
    resubmit: int = Resubmit.NEXT_INIT
    #: The version of the SDK, such as "10.2.1".
    product_version: str = ""
    #: The edition of the SDK, such as "Python".
    edition: str = ""
    #: Domain, application id or process name; the server may check it.
    validation_field: str = ""
    #: Shown to administrators.
    device_friendly_name: str = ""
    #: A client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits.
    device_uuid: str = ""
    #: The server's Ed25519 key in base64, as lts key show prints it: the library believes no other server; if empty, it
    #: remembers the first key it sees.
    server_public_key: str = ""
    #: PEM file with the root certificates to trust for HTTPS; if empty, those of the machine (SSL_CERT_FILE is
    #: ignored).
    ca_file: str | os.PathLike[str] = ""
    #: http(s)://[user:password@]host:port
    proxy_url: str = field(default="", repr=False)
    #: Where usage and the identity of the device are kept; if empty, .openlts in the user's home directory, or on
    #: Windows OpenLTS in the user's local application data. If nothing can be kept there, as in a container without a
    #: volume, each start is a new device, which counts for a day at most (set ``device_uuid``).
    data_directory: str | os.PathLike[str] = ""
    #: Length of a time slot and of the reporting interval in seconds; must divide a day; 180 by default.
    slot_seconds: int = 180
    #: For the whole initialization; 12000 by default.
    init_timeout_milliseconds: int = 12000
    #: For one request to a server; 5000 by default.
    request_timeout_milliseconds: int = 5000
    # generated: end

    def __setattr__(self, name: str, value: Any) -> None:
        # A misspelt field would otherwise be taken without a word, and the license opened without it.
        if name not in type(self).__dataclass_fields__:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        super().__setattr__(name, value)


def native_parameters(parameters: ConnectionParameters, library: Library) -> native.ConnectionParameters:
    """The parameters as the native library takes them. Raises LTSError (-20300) for a value C can't express."""
    structure = native.ConnectionParameters()
    size = ctypes.sizeof(structure)
    library.check(library.functions.LTS_InitLTSConnectionParameters(structure, size), "prepare connection parameters")
    # generated: conversion
    structure.mainServerURL = _bytes(parameters, "main_server_url")
    structure.standbyServerURL = _bytes(parameters, "standby_server_url")
    structure.handshakeCode = _bytes(parameters, "handshake_code")
    structure.sessionPassword = _bytes(parameters, "session_password")
    structure.organizationID = _bytes(parameters, "organization_id")
    structure.deploymentType = _int32(parameters, "deployment_type")
    structure.chargeWay = _int32(parameters, "charge_way")
    structure.UUIDGenerationMethod = _int32(parameters, "uuid_generation_method")
    structure.maxBufferDays = _int32(parameters, "max_buffer_days")
    limited_license_modules = [int32(each) for each in parameters.limited_license_modules]
    if limited_license_modules:
        structure.limitedLicenseModules = (ctypes.c_int32 * len(limited_license_modules))(*limited_license_modules)
        structure.limitedLicenseModulesCount = len(limited_license_modules)
    structure.maxConcurrentInstanceCount = _int32(parameters, "max_concurrent_instance_count")
    structure.products = _int32(parameters, "products")
    structure.resubmit = _int32(parameters, "resubmit")
    structure.productVersion = _bytes(parameters, "product_version")
    structure.edition = _bytes(parameters, "edition")
    structure.validationField = _bytes(parameters, "validation_field")
    structure.deviceFriendlyName = _bytes(parameters, "device_friendly_name")
    structure.deviceUUID = _bytes(parameters, "device_uuid")
    structure.serverPublicKey = _bytes(parameters, "server_public_key")
    structure.caFile = _bytes(parameters, "ca_file")
    structure.proxyURL = _bytes(parameters, "proxy_url")
    structure.dataDirectory = _bytes(parameters, "data_directory")
    structure.slotSeconds = _int32(parameters, "slot_seconds")
    structure.initTimeoutMilliseconds = _int32(parameters, "init_timeout_milliseconds")
    structure.requestTimeoutMilliseconds = _int32(parameters, "request_timeout_milliseconds")
    # generated: end
    return structure


def _bytes(parameters: ConnectionParameters, name: str) -> bytes:
    return utf8(getattr(parameters, name) or "", name)


def _int32(parameters: ConnectionParameters, name: str) -> int:
    value = getattr(parameters, name)
    if not isinstance(value, int) or int32(value) != value:
        raise LTSError(StatusCode.INVALID_ARGUMENT, f"{name} must be a whole number of 32 bits, not {value!r}.")
    return value
