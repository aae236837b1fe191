"""Loads one extension: its file is run, then its function `extension` is called.

Whatever it does, what comes out of here is what was registered, or one line that names the file and
the line in it: an exception, a syntax error, `sys.exit`, a loop without end. What it prints goes to
standard error. It runs in a thread of its own so that it can be left behind when it does not come
back; an `async` one is awaited in the event loop.
"""

import asyncio
import sys
import threading
from contextlib import AbstractContextManager, nullcontext, redirect_stdout, suppress
from importlib import import_module
from inspect import isawaitable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from pi.coding.extensions.calling import kept
from pi.coding.extensions.find import Found
from pi.coding.extensions.mistakes import words_for
from pi.coding.extensions.watchdog import (
    TooLong,
    Watchdog,
    give_up,
    line_of,
    own_of,
    watchdog,
)

__all__ = ["PATIENCE", "Broken", "forget", "line_in", "load_extension", "place_of"]

PATIENCE = 10.0
"""Seconds that an extension may take to load."""


class Broken(Exception):
    """An extension cannot be loaded. The text names file and line."""


async def load_extension(
    found: Found, pi: Any, *, patience: float = PATIENCE, dog: Watchdog | None = None
) -> None:
    """Run it. dog: sees what takes long. Raises `Broken`."""
    work = _Thread(found, pi)
    where = ""
    with work.watched(dog or watchdog(), patience):
        try:
            async with asyncio.timeout(patience):
                result = await work.result()
                if isawaitable(result):
                    with kept():
                        await result
            return
        except (TimeoutError, TooLong) as error:
            cause = error if isinstance(error, TooLong) else error.__cause__ or error.__context__
            where = work.give_up() or line_in(cause.__traceback__ if cause else None, found.path)
        except Broken:
            raise
        except Exception as error:
            raise Broken(place_of(error, found.path)) from error
    raise Broken(
        f"{where or found.path}: it did not finish within {patience:g} s: move what takes long"
        " into a handler of session_start"
    )


def forget(found: Found) -> None:
    """Have the file read anew next time."""
    if found.function is not None:
        return
    name = found.entry.partition(":")[0].partition(".")[0] or _module_name(found)
    for loaded in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[loaded]


def place_of(error: BaseException, path: Path) -> str:
    """What went wrong, beginning with the line of the file in which it did."""
    if isinstance(error, SyntaxError):
        return f"{error.filename or path}:{error.lineno or 1}: {words_for(error)}"
    return f"{line_in(error.__traceback__, path) or path}: {words_for(error)}"


def line_in(trace: TracebackType | None, path: Path) -> str:
    """The innermost line in the extension's own files, as `file:line`; "" if there is none."""
    own = own_of(path)
    found = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(own):
            found = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


class _Thread:
    """Runs the file in a thread that nobody waits for at the end of the program."""

    def __init__(self, found: Found, pi: Any) -> None:
        self._found = found
        self._pi = pi
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[Any] = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, daemon=True)

    async def result(self) -> Any:
        """What `extension(pi)` has returned. Raises what it raised."""
        self._thread.start()
        return await self._done

    def watched(self, dog: Watchdog, patience: float) -> AbstractContextManager[None]:
        """While it is loaded. A function of the program that uses us is its own affair."""
        if self._found.function is not None:
            return nullcontext()
        return dog.loading(self._found.path, self._thread, patience)

    def give_up(self) -> str:
        """End it if that can be done. Where in its files it was; "" if it had returned."""
        line = line_of(self._thread.ident, (own_of(self._found.path),))
        if self._thread.is_alive():
            give_up(self._thread.ident or 0, SystemExit)
        return line

    def _work(self) -> None:
        result: Any = None
        failure: Exception | None = None
        try:
            result = _run(self._found, self._pi)
        except Broken as error:
            failure = error
        except BaseException as error:  # also sys.exit, which is for our own end only
            failure = Broken(place_of(error, self._found.path))
        with suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._settle, result, failure)

    def _settle(self, result: Any, failure: Exception | None) -> None:
        if self._done.done():
            return
        if failure is None:
            self._done.set_result(result)
        else:
            self._done.set_exception(failure)


def _run(found: Found, pi: Any) -> Any:
    with redirect_stdout(sys.stderr):
        extension = found.function or _read(found)
        if extension is None:
            raise Broken(f"{found.path}:1: it has no function `extension(pi)`")
        if not callable(extension):
            raise Broken(f"{found.path}:1: `extension` is {extension!r}, and no function")
        try:
            return extension(pi)
        except TypeError as error:
            code = getattr(extension, "__code__", None)
            if code is not None and line_in(error.__traceback__, found.path) == "":
                where = f"{code.co_filename}:{code.co_firstlineno}"
                raise Broken(f"{where}: {error}: write `def extension(pi)`") from None
            raise


def _read(found: Found) -> Any:
    return _entry(found) if found.entry else getattr(_module(found), "extension", None)


def _entry(found: Found) -> Any:
    module, _, attribute = found.entry.partition(":")
    value = import_module(module)
    for name in (attribute or "extension").split("."):
        value = getattr(value, name)
    return value


def _module(found: Found) -> ModuleType:
    """The file as a module. No bytecode is kept: it would lie in the user's folder, and a file that
    is edited twice within a second would not be read anew."""
    path, name = found.path, _module_name(found)
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    module = ModuleType(name)
    module.__file__ = str(path)
    keeps = sys.dont_write_bytecode
    if path.name == "__init__.py":
        module.__path__ = [str(path.parent)]  # its own modules can be imported
        module.__package__ = name
        sys.dont_write_bytecode = True
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        sys.dont_write_bytecode = keeps
    return module


def _module_name(found: Found) -> str:
    """A name that no other extension's module has."""
    import zlib

    plain = "".join(c if c.isalnum() else "_" for c in found.name)
    return f"pi_extension_{plain}_{zlib.crc32(str(found.path).encode()):08x}"
