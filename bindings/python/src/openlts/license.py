"""A license in use: authorized, and recording."""

from __future__ import annotations

import ctypes
import math
import weakref
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Callable, TypeVar

from . import native
from .c_values import int32, milliseconds, text, utf8
from .definitions import ChargeWay, EventKind, LicenseModule, StateFlag, StatusCode
from .errors import LTSError, lts_error
from .library import loaded
from .parameters import ConnectionParameters, native_parameters
from .recorder import Recorder


@dataclass(frozen=True)
class LicenseInfo:
    """What is known of a license. Times are in UTC, None if there is none; usage is in units.

    Codes and enumerations are members of their class, or plain numbers where a newer library knows more of them.
    """

    # generated: LicenseInfo
    #: The state of the license, flags combined.
    state_flags: StateFlag
    #: Of the latest authorization: OK, or LICENSE_CACHE_USED with the reason in ``status_message``.
    status_code: StatusCode | int
    #: Of the license item.
    charge_way: ChargeWay | int
    #: Length of a time slot.
    slot_seconds: int
    #: When the server granted the authorization.
    authorized_at: datetime | None
    #: When the license itself ends.
    valid_until: datetime | None
    #: Until when it may be used without the server.
    buffer_until: datetime | None
    #: Units the license item allows; None: not limited.
    quota_limit: int | None
    #: As last heard from the server.
    quota_used: int
    #: The modules that may be used: the license item permits them, and they were asked for.
    modules: frozenset[LicenseModule]
    #: Units recorded on this device by all that share the data directory; always: recorded = accepted + pending + lost.
    recorded: int
    #: Accepted by the server, with a verified receipt.
    accepted: int
    #: Kept here, not accepted yet.
    pending: int
    #: Lost and declared: the sum of the following.
    lost: int
    #: Not submitted within 30 days.
    lost_expired: int
    #: Refused by the server.
    lost_refused: int
    #: Lost with a damaged or deleted ledger.
    lost_storage: int
    #: The client UUID.
    device_uuid: str
    #: The id of this opening of the license, as the server knows it.
    run_uuid: str
    #: The handshake code in use.
    handshake_code: str
    #: The organization it belongs to.
    organization_id: str
    #: The license item that usage counts on.
    item_id: str
    #: Belongs to ``status_code``.
    status_message: str
    # generated: end


@dataclass(frozen=True)
class Event:
    """Something that happened to a license."""

    # generated: Event
    #: The kind of event.
    kind: EventKind | int
    #: The result.
    status_code: StatusCode | int
    #: The state of the license after the event, flags combined.
    state_flags: StateFlag
    #: When it happened.
    time: datetime
    #: Units concerned, or 0.
    units: int
    #: What happened, for people.
    message: str
    # generated: end


class License(Recorder):
    """A license in use. Made by :meth:`from_lts` or :meth:`from_key`; a context manager which closes it.

    Every method may be called from any thread. Methods that take a ``timeout``, in seconds, block for that long at
    most, and let other Python threads run meanwhile.

    A license that is forgotten is closed when it is collected or the interpreter ends, without using the network: what
    it recorded is submitted at the next start.
    """

    def __init__(self, handle: int) -> None:
        """For a handle that the native library gave out. The new object owns it."""
        super().__init__(loaded(), handle)
        self._finalizer = weakref.finalize(self, self._library.functions.LTS_CloseLicense, handle, 0)

    @classmethod
    def from_lts(cls, parameters: ConnectionParameters) -> License:
        """Asks the License Tracking Server for an authorization and begins metering.

        The main server is asked first, then the standby, then the authorization cached in the data directory is used
        while it is valid (``StateFlag.CACHE_USED``, not an error). Blocks for ``init_timeout_milliseconds`` at most.

        Raises :class:`AuthorizationError` if the server refuses, :class:`LTSError` for all else.
        """
        library = loaded()
        arguments = native_parameters(parameters, library)
        return cls._open(
            lambda handle, message, size: library.functions.LTS_InitLicenseFromLTS(arguments, handle, message, size)
        )

    @classmethod
    def from_key(cls, key: str, parameters: ConnectionParameters | None = None) -> License:
        """The same with one string, the license key (``lts handshake key`` prints it).

        ``parameters`` say what the key does not.
        """
        library = loaded()
        arguments = None if parameters is None else native_parameters(parameters, library)
        encoded = utf8(key, "key")
        return cls._open(
            lambda handle, message, size: library.functions.LTS_InitLicense(encoded, arguments, handle, message, size)
        )

    @classmethod
    def _open(cls, call: Callable[[native.License, ctypes.Array[ctypes.c_char], int], int]) -> License:
        handle = native.License()
        message = ctypes.create_string_buffer(1024)
        status = call(handle, message, len(message))
        if status != StatusCode.OK:
            raise lts_error(status, text(message.value) or text(loaded().functions.LTS_StatusMessage(status)))
        return cls(handle.value)

    @property
    def handle(self) -> int:
        """The number by which the native library knows the license, also after it was closed."""
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether the license was closed."""
        return not self._finalizer.alive

    def record_at(self, operation_type: int, count: int, time: datetime | float) -> None:
        """Records operations done at ``time``, up to 30 days back and not in the future.

        ``time`` is a datetime (one without a time zone is local time) or seconds since 1970 (UTC). The operations are
        durable when it returns; blocks for a write to the data directory.

        Raises :class:`LTSError` as :meth:`record` does, and with -20309 if the time is out of range.
        """
        try:
            seconds = math.floor(time.timestamp() if isinstance(time, datetime) else time)
        except (OverflowError, ValueError):
            seconds = -1
        if not 0 <= seconds <= 0x7FFFFFFFFFFFFFFF:
            seconds = -1
        status = self._library.functions.LTS_RecordOperationAt(
            self._handle, int32(operation_type), int32(count), seconds
        )
        self._library.check(status, f"record {count} operations of type {operation_type:d} at {time}")

    def define_operation_type(self, name: str) -> int:
        """The number of an operation type that :class:`OperationType` does not list, for :meth:`record`.

        ``name`` is 1 to 64 characters out of A-Z, 0-9 and _, starting with a letter. The same name gives the same
        number again, the name of a built-in type the built-in number. At most 128 can be defined.
        """
        number = ctypes.c_int32()
        status = self._library.functions.LTS_DefineOperationType(self._handle, utf8(name, "name"), number)
        self._library.check(status, f"define the operation type {name!r}")
        return number.value

    def submit(self, timeout: float = 10.0) -> None:
        """Submits everything recorded so far, now, and tries also reports that failed before.

        Raises :class:`LTSError` if anything is left; it is kept and submitted later.
        """
        status = self._library.functions.LTS_SubmitReports(self._handle, milliseconds(timeout))
        self._library.check(status, "submit usage reports")

    def poll_event(self, timeout: float = 0.0) -> Event | None:
        """Waits for the next event of the license, for 60 seconds at most; None if there is none.

        Up to 256 events are kept for this. Returns early when the license is closed in another thread.
        """
        event = native.Event()
        event.structSize = ctypes.sizeof(event)
        found = self._library.functions.LTS_PollEvent(self._handle, event, milliseconds(timeout))
        if found < 0:
            raise self._library.error(found, "wait for an event")
        if found == 0:
            return None
        return Event(
            # generated: event
            kind=_member(EventKind, event.kind),
            status_code=_member(StatusCode, event.statusCode),
            state_flags=StateFlag(event.stateFlags),
            time=_time(event.time),
            units=event.units,
            message=text(event.message),
            # generated: end
        )

    def info(self) -> LicenseInfo:
        """What is known of the license. Reads the data directory; does not use the network."""
        info = native.LicenseInfo()
        info.structSize = ctypes.sizeof(info)
        self._library.check(
            self._library.functions.LTS_GetLicenseInfo(self._handle, info), "tell what is known of the license"
        )
        return LicenseInfo(
            # generated: info
            state_flags=StateFlag(info.stateFlags),
            status_code=_member(StatusCode, info.statusCode),
            charge_way=_member(ChargeWay, info.chargeWay),
            slot_seconds=info.slotSeconds,
            authorized_at=_time_or_none(info.authorizedAt),
            valid_until=_time_or_none(info.validUntil),
            buffer_until=_time_or_none(info.bufferUntil),
            quota_limit=None if info.quotaLimit < 0 else info.quotaLimit,
            quota_used=info.quotaUsed,
            modules=frozenset(each for each in LicenseModule if info.modules >> each & 1),
            recorded=info.recorded,
            accepted=info.accepted,
            pending=info.pending,
            lost=info.lost,
            lost_expired=info.lostExpired,
            lost_refused=info.lostRefused,
            lost_storage=info.lostStorage,
            device_uuid=text(info.deviceUUID),
            run_uuid=text(info.runUUID),
            handshake_code=text(info.handshakeCode),
            organization_id=text(info.organizationID),
            item_id=text(info.itemID),
            status_message=text(info.statusMessage),
            # generated: end
        )

    def close(self, timeout: float = 3.0) -> StatusCode:
        """Ends metering: submits what was recorded, within ``timeout`` (0: does not use the network).

        Returns OK, or REPORTS_PENDING or DEADLINE_EXCEEDED if some reports are left: closed all the same, and nothing
        is lost, they stay in the data directory for the next start. Closing again does nothing.
        """
        if self.closed:
            return StatusCode.OK
        status = self._library.functions.LTS_CloseLicense(self._handle, milliseconds(timeout))
        closed = (StatusCode.OK, StatusCode.REPORTS_PENDING, StatusCode.DEADLINE_EXCEEDED, StatusCode.INVALID_HANDLE)
        if status not in closed:
            raise self._library.error(status, "close the license")
        self._finalizer.detach()
        # An invalid handle: another thread closed the license meanwhile.
        return StatusCode.OK if status == StatusCode.INVALID_HANDLE else StatusCode(status)

    def __enter__(self) -> License:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except LTSError as failure:
            # A forked child leaves the block, too; the license is its parent's.
            if failure.status != StatusCode.FORKED:
                raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._handle}{' closed' if self.closed else ''}>"


def device_uuid(parameters: ConnectionParameters | None = None) -> str:
    """The client UUID the device would use with these parameters, created if there is none yet. Needs no license."""
    library = loaded()
    arguments = None if parameters is None else native_parameters(parameters, library)
    uuid = ctypes.create_string_buffer(40)
    library.check(library.functions.LTS_GetDeviceUUID(arguments, uuid, len(uuid)), "tell the client UUID")
    return text(uuid.value)


_Number = TypeVar("_Number", StatusCode, ChargeWay, EventKind)


def _member(enumeration: Callable[[int], _Number], value: int) -> _Number | int:
    try:
        return enumeration(value)
    except ValueError:
        return value


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _time(seconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:  # a license without an end
        return datetime.max.replace(tzinfo=timezone.utc)


def _time_or_none(seconds: int) -> datetime | None:
    return _time(seconds) if seconds else None
