"""The license for asyncio: what may block does not block the loop, and can be cancelled."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from lts_server import LTSServer, nobody_listens

import openlts
import openlts.aio
from openlts import ConnectionParameters, EventKind, LTSError, OperationType, StatusCode


def parameters(url: str, directory: Path, **more: Any) -> ConnectionParameters:
    return ConnectionParameters(
        main_server_url=url, data_directory=str(directory), **{"handshake_code": "100001-reader", **more}
    )


def test_a_license_is_opened_used_and_closed(server: LTSServer, tmp_path: Path) -> None:
    async def use() -> None:
        async with await openlts.aio.License.from_lts(parameters(server.url, tmp_path)) as license:
            license.record(OperationType.QR_CODE, 3)
            mrz = await license.define_operation_type("MRZ")
            await license.record_at(mrz, 1, license.license.info().authorized_at.timestamp())  # type: ignore[union-attr]
            await license.submit()
            assert (await license.info()).accepted == 4
            assert not license.closed
        assert license.closed
        assert await license.close() is StatusCode.OK
        with pytest.raises(LTSError) as failed:
            await license.submit()
        assert failed.value.status == StatusCode.INVALID_HANDLE

    asyncio.run(use())


def test_a_refusal_is_raised(server: LTSServer, tmp_path: Path) -> None:
    with pytest.raises(openlts.AuthorizationError):
        asyncio.run(openlts.aio.License.from_lts(parameters(server.url, tmp_path, handshake_code="100001-misspelt")))
    with pytest.raises(LTSError):
        asyncio.run(openlts.aio.License.from_key("no key", parameters(nobody_listens(), tmp_path)))


def test_the_loop_goes_on_and_waiting_can_be_cancelled(tmp_path: Path) -> None:
    async def use() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            opening = asyncio.ensure_future(openlts.aio.License.from_lts(parameters(url, tmp_path)))
            silent.setblocking(False)
            connection, _ = await asyncio.get_running_loop().sock_accept(silent)  # the loop runs meanwhile
            assert not opening.done()
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            connection.close()

    asyncio.run(use())


def test_what_comes_after_a_cancellation_is_dropped() -> None:
    go, came, dropped = threading.Event(), threading.Event(), threading.Event()

    def call() -> str:
        go.wait()
        return "late"

    def drop(result: str) -> None:
        assert result == "late"
        dropped.set()

    async def use() -> None:
        waiting = asyncio.ensure_future(openlts.aio._thread(call, drop))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(use())
    go.set()
    assert dropped.wait(30)

    def call_at_once() -> str:
        came.set()
        return "late"

    async def cancel_as_it_comes() -> None:
        waiting = asyncio.ensure_future(openlts.aio._thread(call_at_once, drop))
        await asyncio.sleep(0)
        # The loop does not run meanwhile: it learns of the result and of the end together.
        assert came.wait(30)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    dropped.clear()
    asyncio.run(cancel_as_it_comes())
    assert dropped.wait(30)


def test_events_come_until_it_is_closed(server: LTSServer, tmp_path: Path) -> None:
    async def use() -> None:
        license = await openlts.aio.License.from_lts(parameters(server.url, tmp_path))
        license.record(OperationType.QR_CODE)
        await license.submit()
        kinds = []
        async for event in license.events():
            kinds.append(event.kind)
            if event.kind == EventKind.SUBMITTED:
                await license.close()
        assert EventKind.SUBMITTED in kinds

    asyncio.run(use())
