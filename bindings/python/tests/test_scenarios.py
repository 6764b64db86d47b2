"""The scenarios of conformance/scenarios.json against a real server; a test is named after its scenario."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from lts_fixtures import OpenLicense
from lts_server import REPOSITORY, LTSServer, environment_of_children, nobody_listens, wait_until

import openlts
from openlts import (
    AuthorizationError,
    ChargeWay,
    ConnectionParameters,
    EventKind,
    License,
    LTSError,
    OperationType,
    StateFlag,
    StatusCode,
    native,
)
from openlts.library import loaded
from openlts.parameters import native_parameters

QR_CODE = OperationType.QR_CODE


def by_type(server: LTSServer) -> dict[str, int]:
    return {name: count for (name,), count in server.counts("type").items()}


def test_every_scenario_has_a_test() -> None:
    scenarios = json.loads((REPOSITORY / "conformance/scenarios.json").read_text())["scenarios"]
    missing = [scenario["id"] for scenario in scenarios if f"test_{scenario['id']}" not in globals()]
    assert not missing


def test_version() -> None:
    assert openlts.abi_version() == native.ABI_VERSION
    assert openlts.version()


def test_status_texts() -> None:
    definitions = json.loads((REPOSITORY / "conformance/definitions.json").read_text())
    for code in definitions["statusCodes"]:
        assert openlts.status_name(code["value"]) == code["name"]
        assert openlts.status_message(code["value"]) == code["message"]
        assert StatusCode(code["value"]).name == code["name"]
    assert openlts.status_name(-12345) == "UNKNOWN"
    assert openlts.status_name(2**40) == "UNKNOWN"


def test_defaults() -> None:
    fresh = native.ConnectionParameters()
    size = ctypes.sizeof(fresh)
    assert loaded().functions.LTS_InitLTSConnectionParameters(fresh, size) == StatusCode.OK
    ours = native_parameters(ConnectionParameters(), loaded())
    for name, kind in native.ConnectionParameters._fields_:
        if name == "limitedLicenseModules":
            assert not fresh.limitedLicenseModules
            assert not ours.limitedLicenseModules
        elif kind is ctypes.c_char_p:
            assert (getattr(ours, name) or b"") == (getattr(fresh, name) or b"")
        else:
            assert getattr(ours, name) == getattr(fresh, name), name
    parameters = ConnectionParameters()
    assert parameters.max_buffer_days == 7
    assert parameters.deployment_type == openlts.DeploymentType.DESKTOP
    assert parameters.charge_way == ChargeWay.AUTO
    assert parameters.uuid_generation_method == openlts.UUIDGenerationMethod.RANDOM
    assert parameters.max_concurrent_instance_count == 1
    assert parameters.products == openlts.Product.ALL
    assert parameters.slot_seconds == 180


def test_authorize_by_code(open_license: OpenLicense) -> None:
    info = open_license().info()
    assert info.handshake_code == "100001-reader"
    assert info.organization_id == "100001"
    assert info.item_id == "scans"
    assert info.state_flags == StateFlag(0)
    assert info.status_code is StatusCode.OK
    assert info.charge_way is ChargeWay.SCAN_COUNT
    assert info.quota_limit == 1000000
    assert info.slot_seconds == 180
    assert info.authorized_at is not None
    assert info.valid_until is not None
    assert info.authorized_at < datetime.now(timezone.utc) + timedelta(minutes=1) < info.valid_until


def test_authorize_by_organization(open_license: OpenLicense) -> None:
    assert open_license(handshake_code="", organization_id="100001").info().handshake_code == "100001-reader"


def test_authorize_by_license_key(server: LTSServer, tmp_path: Path) -> None:
    key = server.run("handshake", "key", "100001-reader", "--server", server.url).strip()
    with License.from_key(key, ConnectionParameters(data_directory=tmp_path / "device")) as license:
        assert license.info().handshake_code == "100001-reader"


def test_refuse_unknown_code(open_license: OpenLicense) -> None:
    with pytest.raises(AuthorizationError) as refused:
        open_license(handshake_code="100001-unknown")
    assert refused.value.status == -20101
    assert refused.value.name == "HANDSHAKE_CODE_NOT_FOUND"
    assert "The handshake code you are using does not exist on the License Tracking Server." in refused.value.message


def test_refuse_session_password(open_license: OpenLicense) -> None:
    with pytest.raises(AuthorizationError) as refused:
        open_license(handshake_code="100001-locked", session_password="wrong")
    assert refused.value.status == -20102
    assert open_license(session_password="s3cret").info().item_id == "locked-scans"


def test_refuse_charge_way(open_license: OpenLicense) -> None:
    with pytest.raises(AuthorizationError) as refused:
        open_license(charge_way=ChargeWay.DEVICE_COUNT)
    assert refused.value.status == -20115
    assert "ChargeWay for licenseItem is not matched." in refused.value.message


def test_no_server(tmp_path: Path) -> None:
    url = nobody_listens()
    with pytest.raises(LTSError) as failed:
        License.from_lts(
            ConnectionParameters(main_server_url=url, handshake_code="100001-reader", data_directory=tmp_path)
        )
    assert failed.value.status == -20200
    assert url.removeprefix("http://") in failed.value.message


def test_no_code(open_license: OpenLicense) -> None:
    with pytest.raises(LTSError) as failed:
        open_license(handshake_code="")
    assert failed.value.status == -20000


def test_standby(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license(main_server_url=nobody_listens(), standby_server_url=server.url)
    assert license.info().state_flags == StateFlag.STANDBY_USED


def test_cache(server: LTSServer, open_license: OpenLicense) -> None:
    open_license().close()
    server.stop()
    info = open_license().info()
    assert info.state_flags & StateFlag.CACHE_USED
    assert info.status_code is StatusCode.LICENSE_CACHE_USED
    assert info.status_message
    assert info.item_id == "scans"


def test_record(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()
    license.record(QR_CODE)
    license.record(QR_CODE, 2)
    license.record(OperationType.EAN_13, count=2)
    assert license.close(timeout=30) is StatusCode.OK
    assert server.counts("handshake", "item", "type") == {
        ("100001-reader", "scans", "QR_CODE"): 3,
        ("100001-reader", "scans", "EAN_13"): 2,
    }
    assert server.total() == 5


def test_record_threads(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()

    def record() -> None:
        for _ in range(10_000):
            license.record(QR_CODE)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert license.close(timeout=30) is StatusCode.OK
    assert server.total() == 40_000


def test_record_errors(server: LTSServer, open_license: OpenLicense) -> None:
    assert loaded().record_operation(0, QR_CODE, 1) == -20000
    license = open_license()
    for operation_type, count, status in (
        (QR_CODE, -1, StatusCode.INVALID_ARGUMENT),
        (QR_CODE, 2**31, StatusCode.INVALID_ARGUMENT),
        (QR_CODE, 2**32 + 1, StatusCode.INVALID_ARGUMENT),
        (QR_CODE, -(2**32), StatusCode.INVALID_ARGUMENT),
        (-1, 1, StatusCode.UNKNOWN_OPERATION_TYPE),
        (63, 1, StatusCode.UNKNOWN_OPERATION_TYPE),
        (200, 1, StatusCode.UNKNOWN_OPERATION_TYPE),
        (2**32 + 16, 1, StatusCode.UNKNOWN_OPERATION_TYPE),
    ):
        with pytest.raises(LTSError) as failed:
            license.record(operation_type, count)
        assert failed.value.status == status, (operation_type, count)
    license.record(QR_CODE, 0)
    assert license.close(timeout=30) is StatusCode.OK
    with pytest.raises(LTSError) as failed:
        license.record(QR_CODE)
    assert failed.value.status == -20301
    assert server.total() == 0


def test_host_type(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()
    mrz = license.define_operation_type("MRZ")
    assert mrz >= 128
    assert license.define_operation_type("MRZ") == mrz
    assert license.define_operation_type("QR_CODE") == QR_CODE
    with pytest.raises(LTSError) as failed:
        license.define_operation_type("not a name")
    assert failed.value.status == StatusCode.INVALID_ARGUMENT
    license.record(mrz, 4)
    license.submit(timeout=30)
    assert by_type(server) == {"MRZ": 4}


def test_record_at(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()
    hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    license.record_at(QR_CODE, 3, hour_ago)
    license.record_at(QR_CODE, 4, hour_ago.timestamp())
    license.record_at(QR_CODE, 5, hour_ago.astimezone().replace(tzinfo=None))
    for moment in (
        datetime.now(timezone.utc) + timedelta(hours=1),
        datetime.now(timezone.utc) - timedelta(days=31),
        -1.0,
        float("nan"),
        float("inf"),
        1e300,
        2.0**64 + 1,
    ):
        with pytest.raises(LTSError) as failed:
            license.record_at(QR_CODE, 1, moment)
        assert failed.value.status == -20309, moment
    license.submit(timeout=30)
    assert server.counts("slot") == {(str(int(hour_ago.timestamp()) // 180 * 180),): 12}


def test_submit(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()
    license.record(QR_CODE, 7)
    license.submit(timeout=30)
    assert server.total() == 7
    assert license.info().pending == 0


def test_events(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()

    def next_event(kind: EventKind) -> openlts.Event:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            event = license.poll_event(timeout=1)
            if event is not None and event.kind == kind:
                return event
        raise AssertionError(f"no {kind.name} event arrived")

    license.record(QR_CODE, 5)
    license.submit(timeout=30)
    submitted = next_event(EventKind.SUBMITTED)
    assert submitted.kind is EventKind.SUBMITTED
    assert submitted.units == 5
    assert submitted.status_code is StatusCode.OK
    assert abs((submitted.time - datetime.now(timezone.utc)).total_seconds()) < 600

    server.stop()
    license.record(QR_CODE, 3)
    with pytest.raises(LTSError) as failed:
        license.submit(timeout=30)
    assert failed.value.status in (StatusCode.FAILED_TO_REACH_LTS, StatusCode.REPORTS_PENDING)
    event = next_event(EventKind.SUBMIT_FAILED)
    assert event.message
    assert event.state_flags & StateFlag.REPORTS_PENDING


def test_invariant(open_license: OpenLicense) -> None:
    license = open_license()
    license.record(QR_CODE, 11)
    license.record_at(QR_CODE, 2, time.time() - 3600)
    before = license.info()
    assert (before.recorded, before.accepted, before.pending, before.lost) == (13, 0, 13, 0)
    license.submit(timeout=30)
    after = license.info()
    assert (after.recorded, after.accepted, after.pending, after.lost) == (13, 13, 0, 0)
    assert after.lost == after.lost_expired + after.lost_refused + after.lost_storage


def test_double_close(open_license: OpenLicense) -> None:
    license = open_license()
    assert not license.closed
    assert license.close(timeout=30) is StatusCode.OK
    assert license.closed
    assert license.close() is StatusCode.OK
    assert loaded().functions.LTS_CloseLicense(license.handle, 0) == -20301


def test_outage(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()
    license.record(QR_CODE, 9)
    server.stop()
    assert license.close(timeout=30) is StatusCode.REPORTS_PENDING
    server.start()
    again = open_license()
    wait_until(lambda: again.info().pending == 0, "what was left over is submitted")
    assert again.info().accepted == 9
    assert server.total() == 9


KILLED = """
import sys, openlts
openlts.load(sys.argv[1])
license = openlts.License.from_lts(openlts.ConnectionParameters(
    main_server_url=sys.argv[2], handshake_code="100001-reader", data_directory=sys.argv[3]))
for _ in range(12345):
    license.record(openlts.OperationType.QR_CODE)
print("recorded", flush=True)
sys.stdin.read()
"""


def test_kill(server: LTSServer, open_license: OpenLicense, library_path: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(library_path), server.url, str(tmp_path / "device")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment_of_children(),
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"recorded\n"
        child.kill()
        child.communicate(timeout=300)
    assert child.returncode == -signal.SIGKILL
    assert server.total() == 0
    license = open_license()
    license.submit(timeout=30)
    assert server.total() == 12345
    info = license.info()
    assert (info.recorded, info.accepted, info.pending, info.lost) == (12345, 12345, 0, 0)


def test_device_uuid(open_license: OpenLicense, parameters: ConnectionParameters, tmp_path: Path) -> None:
    first = openlts.device_uuid(parameters)
    assert len(first) == 36
    assert str(uuid.UUID(first)) == first.lower()
    for _ in range(2):
        license = open_license()
        assert license.info().device_uuid == first
        license.close(timeout=30)
    other = dataclasses.replace(parameters, data_directory=tmp_path / "other")
    assert openlts.device_uuid(other) not in ("", first)


def test_bad_directory(server: LTSServer, open_license: OpenLicense, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    license = open_license(data_directory=tmp_path / "file" / "device")
    assert license.info().state_flags & StateFlag.STORAGE_DEGRADED
    license.record(QR_CODE, 6)
    assert license.close(timeout=30) is StatusCode.OK
    assert server.total() == 6


def test_two_licenses(server: LTSServer, open_license: OpenLicense) -> None:
    reader = open_license()
    locked = open_license(handshake_code="100001-locked", session_password="s3cret")
    reader.record(QR_CODE, 2)
    locked.record(QR_CODE, 3)
    assert locked.close(timeout=30) is StatusCode.OK
    assert reader.close(timeout=30) is StatusCode.OK
    assert server.counts("handshake", "item") == {("100001-reader", "scans"): 2, ("100001-locked", "locked-scans"): 3}
