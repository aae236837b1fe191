"""The whole course: reach the server, ask for its models, try each wire, find the window."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.errors import TransportError
from pi.ai.model import AuthHeader
from pi.coding.probe import questions as q
from pi.coding.probe.address import WIRES, base_urls, is_local, other_scheme, root_of
from pi.coding.probe.answer import Answer
from pi.coding.probe.ask import MOST_REQUESTS, Asker, OutOfRequests
from pi.coding.probe.judge import Finding, no_model_here
from pi.coding.probe.listing import Listed, limit_in_error, limit_in_props, read_list
from pi.coding.probe.wire import Wire, steps_of

__all__ = ["Bounds", "Report", "WireReport", "bounds", "probe"]

_LISTS = 5
_MORE_ABOUT = ("/props", "/model/info", "/v1/model/info")
_TRIED_MODELS = 3
_PROMPT_TOKENS = 150


class WireReport(Struct, frozen=True, rename="camel"):
    """What was found on one wire. compat: the switches that were proven, either way."""

    api: str
    base_url: str
    works: bool
    complaint: str
    findings: dict[str, Finding]
    compat: dict[str, Any]
    bearer: bool


class Report(Struct, frozen=True, rename="camel"):
    """What was found. model: the one that was asked. window: where the context limit stands."""

    url: str
    model: str
    models: list[Listed]
    wires: list[WireReport]
    context_window: int
    window_source: str
    requests: int
    tokens: int
    notes: list[str]

    @property
    def working(self) -> list[WireReport]:
        """The wires that a model answers on."""
        return [wire for wire in self.wires if wire.works]


class Bounds(Struct, frozen=True):
    """The most that a course can cost: requests, and tokens sent and received."""

    requests: int
    sent: int
    received: int


def bounds(apis: Iterable[str], url: str, *, deep: bool) -> Bounds:
    """What a course costs at most. deep: a request that is too long is sent as well."""
    requests = _LISTS + len(_MORE_ABOUT) + 3
    asked = received = 0
    for api in apis:
        tries = len(base_urls(api, url)) * _TRIED_MODELS
        first, *rest = steps_of(api)
        asked += tries * first.requests + sum(step.requests for step in rest)
        received += tries * first.tokens + sum(step.tokens for step in rest)
    asked = min(asked, MOST_REQUESTS)
    sent = asked * _PROMPT_TOKENS + (2 * q.OVERSIZE_WORDS if deep else 0)
    return Bounds(min(requests + asked, MOST_REQUESTS), sent, received)


async def probe(
    asker: Asker,
    url: str,
    *,
    apis: tuple[str, ...] = WIRES,
    model: str = "",
    deep: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Report:
    """Ask a server everything. url: checked (`checked_url`). model: instead of a listed one.

    Raises `TransportError` if it cannot be reached at all.
    """
    course = _Course(asker, url, deep=deep or is_local(url), progress=progress)
    try:
        await course.find_models(model)
        for api in apis:
            await course.try_wire(api)
        await course.find_window()
    except OutOfRequests as error:
        course.notes.append(error.message)
        course.keep_current()
    return course.report()


class _Course:
    def __init__(
        self, asker: Asker, url: str, *, deep: bool, progress: Callable[[str], None]
    ) -> None:
        self.asker, self.url, self.deep = asker, url, deep
        self.progress = progress
        self.models: list[Listed] = []
        self.names: list[str] = []
        self.wires: list[WireReport] = []
        self.current: Wire | None = None
        self.window, self.source = 0, ""
        self.notes: list[str] = []

    def report(self) -> Report:
        worked = [wire for wire in self.wires if wire.works]
        return Report(
            self.url,
            self.names[0] if worked else "",
            self.models,
            self.wires,
            self.window,
            self.source,
            self.asker.sent,
            self.asker.tokens,
            self.notes,
        )

    # -- reach and list ----------------------------------------------------------------------------

    async def find_models(self, wanted: str) -> None:
        self.progress(f"asking {self.url} for its models")
        for number, (path, header) in enumerate(_list_paths(self.url)):
            answer = await self.asker.get(path, header=header)
            if answer.status == 0 and (number == 0 or not answer.silent):
                await self._unreachable(answer)
            if _speaks_tls(answer):
                raise TransportError(f"{self.url} speaks TLS: write {other_scheme(self.url)}")
            found = read_list(answer.data) if 200 <= answer.status < 300 else []
            if found:
                self.models = found
                break
        chatting = [item.id for item in self.models if item.chats] or [
            item.id for item in self.models
        ]
        if wanted:
            self.names = [wanted]
            if self.models and wanted not in [item.id for item in self.models]:
                self.notes.append(f"{wanted} is none of the models that the server lists")
        else:
            self.names = chatting[:_TRIED_MODELS] or ["default"]

    async def _unreachable(self, answer: Answer) -> None:
        """Raise what is to say of a server that cannot be reached; the other scheme is tried once.

        A server that only says nothing may still answer another request.
        """
        assert answer.failure is not None
        message = answer.failure.message
        if "connection refused" not in message and "no such host" not in message:
            other = other_scheme(self.url)
            again = await self.asker.get(other, keyless=True)
            words = again.failure.message if again.failure else ""
            if (again.status and not _speaks_tls(again)) or "certificate" in words:
                raise TransportError(f"{message}; but it answers at {other}: give that URL")
        if not answer.silent:
            raise TransportError(message)

    # -- wires -------------------------------------------------------------------------------------

    async def try_wire(self, api: str) -> None:
        best: WireReport | None = None
        for base_url in base_urls(api, self.url):
            for name in list(self.names):
                found = await self._try(api, base_url, name)
                if found.works:
                    self.names = [name]  # the one that all wires are asked for from now on
                    self.wires.append(found)
                    return
                if best is None or (not best.complaint and found.complaint):
                    best = found
                if not found.complaint:
                    break  # there is nothing at that place, whatever the name
        assert best is not None
        self.wires.append(best)

    async def _try(self, api: str, base_url: str, name: str) -> WireReport:
        self.progress(f"{api} at {base_url} ({name})")
        wire = self.current = Wire(self.asker, api, base_url, name)
        first, *rest = steps_of(api)
        await first.run(wire)
        if not wire.plain.good:
            self.current = None
            moved = _moved(wire.plain)
            complaint = "" if no_model_here(wire.plain) else moved or wire.plain.complaint
            return _told(wire, works=False, complaint=complaint)
        for step in rest:
            self.progress(f"{api}: {step.run.__name__.replace('_', ' ')}")
            await step.run(wire)
        self.current = None
        return _told(wire, works=True)

    def keep_current(self) -> None:
        """Keep what was found on a wire that could not be asked to the end."""
        wire, self.current = self.current, None
        if wire is not None and wire.plain.good:
            self.names = [wire.model_id]
            self.wires.append(_told(wire, works=True))

    # -- the context window ------------------------------------------------------------------------

    async def find_window(self) -> None:
        """From the list, the server's own description, or its refusal of a long request."""
        working = [wire for wire in self.wires if wire.works]
        if not working:
            return
        name = self.names[0]
        for item in self.models:
            if item.id == name and item.context_window:
                self.window, self.source = item.context_window, "the list of models"
        if not self.window:
            await self._described(name)
        if not self.window and self.deep:
            await self._refused(working[0], name)

    async def _described(self, name: str) -> None:
        for path in _MORE_ABOUT:
            answer = await self.asker.get(root_of(self.url) + path)
            data = answer.data if 200 <= answer.status < 300 else None
            listed = [item for item in read_list(data) if item.id == name]
            found = listed[0].context_window if listed else limit_in_props(data)
            if found:
                self.window, self.source = found, path
                return

    async def _refused(self, wire: WireReport, name: str) -> None:
        self.progress(f"{wire.api}: a request that is too long")
        switches = {
            key: value for key, value in wire.compat.items() if key in _switch_names(wire.api)
        }
        header = AuthHeader() if wire.bearer else None
        model = q.model_for(wire.api, wire.base_url, name, switches, auth_header=header)
        # some servers end a stream without a word, and say why only where nothing is streamed
        for body in ({}, {"stream": False}) if wire.api == "openai-completions" else ({},):
            words = q.with_words(q.OVERSIZE_WORDS)
            answer = await self.asker.ask(q.question(model, words, extra_body=body))
            if answer.good:
                self.notes.append(f"a prompt of {q.OVERSIZE_WORDS} words was not too long")
                return
            found = limit_in_error(answer.failure.message) if answer.failure else 0
            if 0 < found < 10_000_000:
                self.window, self.source = found, "its refusal of a long request"
                return


def _told(wire: Wire, *, works: bool, complaint: str = "") -> WireReport:
    return WireReport(
        wire.api,
        wire.base_url,
        works,
        complaint,
        wire.findings if works else {},
        wire.proven if works else {},
        wire.auth_header is not None,
    )


def _list_paths(url: str) -> list[tuple[str, AuthHeader | None]]:
    """Where models may be listed, and how the key travels there."""
    root = root_of(url)
    paths: list[tuple[str, AuthHeader | None]] = [
        (f"{url}/models", None) if root != url else (f"{root}/v1/models", None),
        (f"{root}/v1/models", None),
        (f"{root}/models", None),
        (f"{root}/v1/models", AuthHeader("x-api-key", "")),
        (f"{root}/v1beta/models", AuthHeader("x-goog-api-key", "")),
    ]
    return list(dict.fromkeys(paths))


def _speaks_tls(answer: Answer) -> bool:
    """Whether a server says, in plain text, that it wants TLS."""
    if answer.status != 400:
        return False
    words = answer.body[:2000].decode("utf-8", "replace").lower()
    return "https" in words and "http request" in words


def _moved(answer: Answer) -> str:
    """What to say of a server that sends a request on; "" if it does not."""
    place = answer.headers.get("location", "") if 300 <= answer.status < 400 else ""
    return (
        f"{answer.status}: it redirects to {place}: give the URL that it leads to" if place else ""
    )


def _switch_names(api: str) -> tuple[str, ...]:
    from pi.ai.protocols import protocols

    return tuple(field.name for field in msgspec.structs.fields(protocols.get(api).Compat))
