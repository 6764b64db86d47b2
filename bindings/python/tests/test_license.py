"""The binding's own promises: misuse gives an error and never a crash, and a forgotten license is closed."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from lts_fixtures import OpenLicense
from lts_server import LTSServer, environment_of_children, nobody_listens, wait_until

import openlts
from openlts import ConnectionParameters, License, LTSError, OperationType, StatusCode
from openlts.library import loaded


def test_closed_license_gives_an_error_everywhere(open_license: OpenLicense) -> None:
    license = open_license()
    license.close(timeout=30)
    for call in (
        lambda: license.record(OperationType.QR_CODE),
        lambda: license.record_at(OperationType.QR_CODE, 1, time.time()),
        lambda: license.define_operation_type("MRZ"),
        lambda: license.submit(timeout=1),
        lambda: license.poll_event(timeout=1),
        lambda: license.info(),
    ):
        with pytest.raises(LTSError) as failed:
            call()
        assert failed.value.status == StatusCode.INVALID_HANDLE
        assert failed.value.name == "INVALID_HANDLE"
        assert failed.value.message.startswith("Failed to ")
    assert "closed" in repr(license)


def test_invented_handles_give_an_error() -> None:
    for handle in (1, -1, 2**63 - 1, -(2**63)):
        license = License(handle)
        with pytest.raises(LTSError) as failed:
            license.record(OperationType.QR_CODE)
        assert failed.value.status == StatusCode.INVALID_HANDLE
        assert license.close() is StatusCode.OK


def test_bad_timeouts(open_license: OpenLicense) -> None:
    license = open_license()
    for call in (
        lambda: license.submit(timeout=-1),
        lambda: license.poll_event(timeout=-1),
        lambda: license.poll_event(timeout=-1e12),
        lambda: license.poll_event(timeout=float("-inf")),
        lambda: license.close(timeout=-1),
    ):
        with pytest.raises(LTSError) as failed:
            call()
        assert failed.value.status == StatusCode.INVALID_ARGUMENT
    with pytest.raises(ValueError, match="NaN"):
        license.submit(timeout=float("nan"))
    assert not license.closed
    license.record(OperationType.QR_CODE)
    license.submit(timeout=float("inf"))
    assert license.info().accepted == 1


@pytest.mark.parametrize("arguments", [("QR_CODE",), (1.5,), (None,), (OperationType.QR_CODE, "1")])
def test_record_refuses_other_types(open_license: OpenLicense, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        open_license().record(*arguments)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("handshake_code", "100001-reader\0more"),
        ("handshake_code", 100001),
        ("handshake_code", "\ud800"),
        ("slot_seconds", 2**32 + 180),
        ("slot_seconds", "180"),
        ("slot_seconds", 7),
        ("max_concurrent_instance_count", 0),
        ("limited_license_modules", [2**32 + 1]),
        ("device_uuid", "not a uuid"),
        ("main_server_url", "ftp://example.com"),
    ],
)
def test_bad_parameters_name_what_is_wrong(field: str, value: object, tmp_path: Path) -> None:
    parameters = ConnectionParameters(
        main_server_url=nobody_listens(), handshake_code="100001-reader", data_directory=tmp_path
    )
    setattr(parameters, field, value)
    with pytest.raises(LTSError) as failed:
        License.from_lts(parameters)
    assert failed.value.status == StatusCode.INVALID_ARGUMENT
    assert failed.value.message


def test_misspelt_field_is_an_error() -> None:
    with pytest.raises(AttributeError, match="handshakeCode"):
        ConnectionParameters().handshakeCode = "100001-reader"


def test_repr_holds_no_secrets() -> None:
    text = repr(ConnectionParameters(session_password="s3cret", proxy_url="http://user:s3cret@proxy:1"))
    assert "s3cret" not in text


def test_bad_license_keys(tmp_path: Path) -> None:
    for key in ("", "LTS1", "LTS1!!!", "nonsense", "LTS1e30=", "x" * 100_000):
        with pytest.raises(LTSError) as failed:
            License.from_key(key, ConnectionParameters(data_directory=tmp_path))
        assert failed.value.message


def test_limited_modules(open_license: OpenLicense) -> None:
    modules = {openlts.LicenseModule.QR_CODE, openlts.LicenseModule.ONED}
    assert open_license(limited_license_modules=list(modules)).info().modules >= modules
    assert open_license(limited_license_modules=()).info().modules == set(openlts.LicenseModule)


def test_error_travels_between_processes() -> None:
    error = openlts.AuthorizationError(-20101, "unknown code")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.status, again.message) == (openlts.AuthorizationError, -20101, "unknown code")
    assert str(again) == "unknown code (HANDSHAKE_CODE_NOT_FOUND, -20101)"
    assert LTSError(-29999, "").name == "UNKNOWN"


def test_context_manager_closes_and_submits(server: LTSServer, parameters: ConnectionParameters) -> None:
    with pytest.raises(RuntimeError, match="of the host"), License.from_lts(parameters) as license:
        license.record(OperationType.QR_CODE)
        raise RuntimeError("of the host")
    assert license.closed
    assert server.total() == 1


def test_forgotten_license_is_closed(server: LTSServer, parameters: ConnectionParameters) -> None:
    license = License.from_lts(parameters)
    license.record(OperationType.QR_CODE, 2)
    handle = license.handle
    del license
    gc.collect()
    assert loaded().record_operation(handle, OperationType.QR_CODE, 1) == StatusCode.INVALID_HANDLE
    with License.from_lts(parameters) as again:
        again.submit(timeout=30)
    assert server.total() == 2


FORGETFUL = """
import sys, openlts
openlts.load(sys.argv[1])
license = openlts.License.from_lts(openlts.ConnectionParameters(
    main_server_url=sys.argv[2], handshake_code="100001-reader", data_directory=sys.argv[3]))
license.record(openlts.OperationType.QR_CODE, 21)
"""


def test_interpreter_ends_with_a_license_open(
    server: LTSServer, open_license: OpenLicense, library_path: Path, tmp_path: Path
) -> None:
    arguments = [sys.executable, "-c", FORGETFUL, str(library_path), server.url, str(tmp_path / "device")]
    ended = subprocess.run(
        arguments, env=environment_of_children(), timeout=300, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    open_license().submit(timeout=30)
    assert server.total() == 21


def test_waiting_for_events_hinders_nobody_and_ends_with_close(open_license: OpenLicense) -> None:
    license = open_license()
    started = threading.Event()
    ended = threading.Event()

    def wait_for_events() -> None:
        started.set()
        with contextlib.suppress(LTSError):  # the license may be closed before the wait begins
            license.poll_event(timeout=60)
        ended.set()

    threading.Thread(target=wait_for_events, daemon=True).start()
    assert started.wait(30)
    for _ in range(1000):
        license.record(OperationType.QR_CODE)
    assert not ended.is_set()
    assert license.close(timeout=30) is StatusCode.OK
    assert ended.wait(30)


def test_reporting_interval(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license(slot_seconds=1)
    license.record(OperationType.QR_CODE, 8)
    wait_until(lambda: license.info().pending == 0, "the slot is over and its report accepted")
    assert server.total() == 8


def test_parameters_are_compared_and_copied() -> None:
    parameters = ConnectionParameters(handshake_code="100001-reader")
    assert dataclasses.replace(parameters, slot_seconds=60) != parameters
    assert dataclasses.replace(parameters) == parameters


def test_a_ca_file_that_cannot_be_used(parameters: ConnectionParameters, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for path, reason in ((tmp_path / "absent.pem", "no such file"), (empty, "it is empty"), (tmp_path, "a directory")):
        parameters.ca_file = path
        with pytest.raises(LTSError) as failed:
            License.from_lts(parameters)
        assert failed.value.status == StatusCode.INVALID_ARGUMENT
        assert f'caFile "{path}" can\'t be used: ' in failed.value.message
        assert reason in failed.value.message
