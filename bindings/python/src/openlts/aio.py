"""The license for asyncio: what may block is awaited, and runs in a thread of its own.

::

    import openlts.aio

    async with await openlts.aio.License.from_lts(parameters) as license:
        license.record(openlts.OperationType.QR_CODE)
        await license.submit()

The threads are not those of the loop's executor, which are few and which other things wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future, InvalidStateError
from datetime import datetime
from types import TracebackType
from typing import AsyncIterator, Callable, TypeVar

from . import license as blocking
from .definitions import StatusCode
from .errors import LTSError
from .parameters import ConnectionParameters

__all__ = ["License"]

_Result = TypeVar("_Result")

#: How long one call waits for an event. An iteration that was cancelled leaves a thread for that long at most.
_EVENT_SECONDS = 1.0


class License:
    """A license in use, as :class:`openlts.License`, of which this holds one.

    Made by :meth:`from_lts` or :meth:`from_key`.

    Cancelling ends the waiting. What the native library does meanwhile ends within its own timeout, and a license that
    is granted after that is closed.
    """

    def __init__(self, license: blocking.License) -> None:
        #: The license itself, all of whose methods may be used as well.
        self.license = license
        #: Records operations; does not block, so it is no coroutine. See :meth:`openlts.License.record`.
        self.record = license.record

    @classmethod
    async def from_lts(cls, parameters: ConnectionParameters) -> License:
        """Asks the License Tracking Server for an authorization. Raises as :meth:`openlts.License.from_lts`."""
        return cls(await _thread(lambda: blocking.License.from_lts(parameters), _close))

    @classmethod
    async def from_key(cls, key: str, parameters: ConnectionParameters | None = None) -> License:
        """The same with one string, the license key."""
        return cls(await _thread(lambda: blocking.License.from_key(key, parameters), _close))

    @property
    def closed(self) -> bool:
        """Whether the license was closed."""
        return self.license.closed

    async def record_at(self, operation_type: int, count: int, time: datetime | float) -> None:
        """Records operations done before now, durably. See :meth:`openlts.License.record_at`."""
        await _thread(lambda: self.license.record_at(operation_type, count, time))

    async def define_operation_type(self, name: str) -> int:
        """The number of an operation type by name. See :meth:`openlts.License.define_operation_type`."""
        return await _thread(lambda: self.license.define_operation_type(name))

    async def submit(self, timeout: float = 10.0) -> None:
        """Submits everything recorded so far. See :meth:`openlts.License.submit`."""
        await _thread(lambda: self.license.submit(timeout))

    async def info(self) -> blocking.LicenseInfo:
        """What is known of the license."""
        return await _thread(self.license.info)

    async def events(self) -> AsyncIterator[blocking.Event]:
        """The events of the license as they come, until it is closed."""
        while not self.closed:
            try:
                event = await _thread(lambda: self.license.poll_event(_EVENT_SECONDS))
            except LTSError as error:
                if error.status == StatusCode.INVALID_HANDLE:
                    return
                raise
            if event is not None:
                yield event

    async def close(self, timeout: float = 3.0) -> StatusCode:
        """Ends metering. See :meth:`openlts.License.close`."""
        return await _thread(lambda: self.license.close(timeout))

    async def __aenter__(self) -> License:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _thread(lambda: self.license.__exit__(kind, error, trace))

    def __repr__(self) -> str:
        return f"<openlts.aio.License of {self.license!r}>"


def _close(license: blocking.License) -> None:
    license.close(0)


async def _thread(call: Callable[[], _Result], drop: Callable[[_Result], None] | None = None) -> _Result:
    """Runs a call in a thread. If nobody waits any more, its result goes to ``drop``, in a thread."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:
            with contextlib.suppress(InvalidStateError):  # cancelled
                future.set_exception(error)
        else:
            try:
                future.set_result(result)
            except InvalidStateError:
                if drop is not None:
                    drop(result)

    threading.Thread(target=run, name="openlts", daemon=True).start()
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        # The result may have come in the same moment.
        if drop is not None and not future.cancel() and future.exception() is None:
            threading.Thread(target=drop, args=(future.result(),), name="openlts", daemon=True).start()
        raise
