"""The connection parameters under the names this SDK's users know them by."""

from __future__ import annotations

from typing import Any

from openlts import ConnectionParameters

#: Published spellings of the fields, beside the names of openlts.ConnectionParameters.
_SPELLINGS = {
    "mainServerURL": "main_server_url",
    "standbyServerURL": "standby_server_url",
    "handshakeCode": "handshake_code",
    "sessionPassword": "session_password",
    "organizationID": "organization_id",
    "organizationId": "organization_id",
    "deploymentType": "deployment_type",
    "chargeWay": "charge_way",
    "UUIDGenerationMethod": "uuid_generation_method",
    "uuidGenerationMethod": "uuid_generation_method",
    "maxBufferDays": "max_buffer_days",
    "limitedLicenseModules": "limited_license_modules",
    "maxConcurrentInstanceCount": "max_concurrent_instance_count",
    "productVersion": "product_version",
    "validationField": "validation_field",
    "deviceFriendlyName": "device_friendly_name",
    "deviceUUID": "device_uuid",
    "serverPublicKey": "server_public_key",
    "caFile": "ca_file",
    "proxyURL": "proxy_url",
    "dataDirectory": "data_directory",
    "slotSeconds": "slot_seconds",
    "initTimeoutMilliseconds": "init_timeout_milliseconds",
    "requestTimeoutMilliseconds": "request_timeout_milliseconds",
}


class DMLTSConnectionParameters(ConnectionParameters):
    """openlts.ConnectionParameters, whose fields can also be written in camel case: ``ltspar.handshakeCode``."""

    def __getattr__(self, name: str) -> Any:  # for names that are no fields
        if name in _SPELLINGS:
            return getattr(self, _SPELLINGS[name])
        raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(_SPELLINGS.get(name, name), value)
