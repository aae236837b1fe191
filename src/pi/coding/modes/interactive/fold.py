"""What happens in a session, folded into blocks to look at. No terminal is known here.

Blocks stand in the order in which they began. `add` takes an event and says which blocks it has
opened or changed; whoever shows them takes closed ones from the front. An error of an answer is
held back until it is known whether it is asked for again, so that a retry leaves nothing behind.
"""

import time
from collections.abc import Callable
from typing import Any

from pi.agent.events import (
    AgentEnd,
    MessageEnd,
    MessageStart,
    MessageUpdate,
    ToolExecutionEnd,
    ToolExecutionStart,
    ToolExecutionUpdate,
)
from pi.ai import events as e
from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
    text_of,
)
from pi.ai.partial_json import PartialJson
from pi.coding.api import events as s
from pi.coding.api.answers import BashResult
from pi.coding.modes.interactive.replay import (
    CUT_OFF,
    after_retries,
    builtins,
    custom,
    in_words,
    typed,
)
from pi.coding.modes.interactive.view import (
    Block,
    CommandBlock,
    CustomBlock,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)

__all__ = ["Fold"]


class Fold:
    """The blocks of one session. `blocks` are those that nobody has taken yet.

    ending: why runs are aborted, if nobody has pressed a key for it.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.blocks: list[Block] = []
        self._now = now
        self._answer: dict[int, Block] = {}
        self._earlier: dict[int, str] = {}  # what blocks before the one in _answer show of a part
        self._json: dict[int, PartialJson] = {}
        self._calls: dict[str, ToolBlock] = {}
        self._command: CommandBlock | None = None
        self._failure: AssistantMessage | None = None
        self._faults: set[str] = set()
        self.ending = ""

    # -- what is said ------------------------------------------------------------------------------

    def add(self, event: s.SessionEvent) -> list[Block]:
        """Take an event; the blocks that are new or have changed."""
        handler = _HANDLERS.get(type(event))
        return handler(self, event) if handler is not None else []

    def say(self, level: str, text: str, *, markdown: bool = False) -> NoticeBlock:
        """A line of the program itself."""
        block = NoticeBlock(level=level, text=text, markdown=markdown)
        self._put(block)
        self._close(block)
        return block

    def command(self, command: str, *, excluded: bool) -> CommandBlock:
        """A command of the user's begins."""
        self._command = CommandBlock(command=command, excluded=excluded)
        self._put(self._command)
        return self._command

    def command_ended(self, block: CommandBlock, result: BashResult | None) -> None:
        """It has ended; without a result it could not be run."""
        self._command = None
        if result is not None:
            block.output[:] = [result.output]
            block.exit_code = result.exit_code if isinstance(result.exit_code, int) else None
            block.cancelled = result.cancelled
            path = result.full_output_path
            block.full_output_path = path if isinstance(path, str) else None
        self._close(block)

    @property
    def calls(self) -> list[ToolBlock]:
        """Tool calls that have no result yet, in order."""
        return list(self._calls.values())

    # -- blocks ------------------------------------------------------------------------------------

    def _put(self, block: Block) -> None:
        block.started = self._now()
        self.blocks.append(block)

    def _close(self, block: Block) -> None:
        block.open = False
        block.ended = self._now()

    # -- messages ----------------------------------------------------------------------------------

    def _message_start(self, event: MessageStart) -> list[Block]:
        message = event.message
        if isinstance(message, AssistantMessage):
            self._forget()
            return []
        if not isinstance(message, UserMessage):
            return []
        content = message.content
        images = () if isinstance(content, str) else content
        block = UserBlock(
            text=typed(text_of(content)),
            images=tuple(image for image in images if isinstance(image, ImageContent)),
        )
        self._put(block)
        self._close(block)
        return [block]

    def _message_update(self, event: MessageUpdate) -> list[Block]:
        update = event.assistant_message_event
        handler = _UPDATES.get(type(update))
        block = handler(self, update) if handler is not None else None
        return [] if block is None else [block]

    def _part(self, index: int, block: Block) -> None:
        """A part of the answer begins, or goes on in another block.

        Some wires end all parts with the answer. Text before the new block is finished here, so
        that it can settle; should it go on after all, it goes on below.
        """
        for other in self._answer.values():
            if isinstance(other, TextBlock) and other.open:
                self._close(other)
        self._answer[index] = block
        self._put(block)

    def _text_start(self, event: e.TextStart | e.ThinkingStart) -> Block:
        block = TextBlock() if isinstance(event, e.TextStart) else ThinkingBlock()
        self._part(event.content_index, block)
        return block

    def _delta(self, event: e.TextDelta | e.ThinkingDelta) -> Block | None:
        return self._more(event.content_index, event.delta)

    def _more(self, index: int, text: str) -> Block | None:
        block = self._answer.get(index)
        if not isinstance(block, TextBlock):
            return None
        if not block.open:
            self._earlier[index] = self._earlier.get(index, "") + block.text
            block = type(block)()
            self._part(index, block)
        block.parts.append(text)
        return block

    def _text_end(self, event: e.TextEnd | e.ThinkingEnd) -> Block | None:
        block = self._answer.get(event.content_index)
        if not isinstance(block, TextBlock):
            return None
        # what was settled cannot be taken back: the final text counts only if it goes on from it
        shown = self._earlier.get(event.content_index, "") + block.text
        if event.content.startswith(shown) and event.content != shown:
            block = self._more(event.content_index, event.content[len(shown) :])
        if isinstance(block, ThinkingBlock) and isinstance(event, e.ThinkingEnd):
            block.redacted = event.redacted
        if block is not None:
            self._close(block)
        return block

    def _call_start(self, event: e.ToolCallStart) -> Block:
        block = ToolBlock(call_id=event.id, name=event.tool_name)
        self._json[event.content_index] = PartialJson()
        self._part(event.content_index, block)
        return block

    def _call_delta(self, event: e.ToolCallDelta) -> Block | None:
        block, json = self._answer.get(event.content_index), self._json.get(event.content_index)
        if not isinstance(block, ToolBlock) or json is None:
            return None
        json.feed(event.delta)
        block.written += len(event.delta)
        block.arguments = json.value()
        return block

    def _call_end(self, event: e.ToolCallEnd) -> Block | None:
        block = self._answer.get(event.content_index)
        return self._called(block, event.tool_call) if isinstance(block, ToolBlock) else None

    def _called(self, block: ToolBlock, call: ToolCall) -> ToolBlock:
        """The call is complete and waits for its turn."""
        block.call_id, block.name, block.arguments = call.id, call.name, call.arguments
        if block.state == "writing":
            block.state = "waiting"
        self._calls[call.id] = block
        return block

    def _message_end(self, event: MessageEnd) -> list[Block]:
        message = event.message
        if isinstance(message, ToolResultMessage):
            return self._result(message)
        if not isinstance(message, AssistantMessage):
            return []
        changed: list[Block] = []
        for index, content in enumerate(message.content):
            block = self._answer.get(index)
            if isinstance(content, ToolCall):
                if not isinstance(block, ToolBlock):
                    block = ToolBlock()
                    self._put(block)
                changed.append(self._called(block, content))
            elif block is None:
                changed += self._whole(content)
        for block in self._answer.values():
            if isinstance(block, TextBlock) and block.open:
                self._close(block)
                changed.append(block)
        changed += self._stopped(message)
        self._forget()
        return changed

    def _forget(self) -> None:
        """The next answer begins with nothing."""
        self._answer.clear()
        self._earlier.clear()
        self._json.clear()

    def _whole(self, content: TextContent | ThinkingContent) -> list[Block]:
        """A part of an answer that was not streamed."""
        if isinstance(content, TextContent):
            block = TextBlock(parts=[content.text])
        else:
            block = ThinkingBlock(parts=[content.thinking], redacted=content.redacted)
        self._put(block)
        self._close(block)
        return [block]

    def _stopped(self, message: AssistantMessage) -> list[Block]:
        """How the answer ended, if it did not simply end."""
        if message.stop_reason in ("error", "aborted"):
            for block in list(self._answer.values()):
                if isinstance(block, ToolBlock) and block.open:
                    self._calls.pop(block.call_id, None)
                    block.state = "failed"
                    self._close(block)
        if message.stop_reason == "error":
            self._failure = message
            return []
        if message.stop_reason == "aborted":
            return [self.say("error", self.ending or "Operation aborted")]
        if message.stop_reason == "length":
            return [self.say("warning", "The answer was cut off: the output limit was reached.")]
        return []

    # -- tools -------------------------------------------------------------------------------------

    def _tool_start(self, event: ToolExecutionStart) -> list[Block]:
        block = self._calls.get(event.tool_call_id)
        if block is None:
            block = ToolBlock(call_id=event.tool_call_id, name=event.tool_name)
            self._calls[event.tool_call_id] = block
            self._put(block)
        block.arguments, block.state, block.started = event.args, "running", self._now()
        return [block]

    def _tool_update(self, event: ToolExecutionUpdate) -> list[Block]:
        block = self._calls.get(event.tool_call_id)
        if block is None:
            return []
        block.content = event.partial_result.get("content") or []
        block.details = event.partial_result.get("details")
        return [block]

    def _tool_end(self, event: ToolExecutionEnd) -> list[Block]:
        block = self._calls.pop(event.tool_call_id, None)
        if block is None:
            return []
        block.content = event.result.get("content") or []
        block.details = event.result.get("details")
        block.state = "failed" if event.is_error else "done"
        block.duration_ms = event.duration_ms if isinstance(event.duration_ms, int) else None
        self._close(block)
        return [block]

    def _result(self, message: ToolResultMessage) -> list[Block]:
        """The result of a call that nobody has told about otherwise."""
        block = self._calls.pop(message.tool_call_id, None)
        if block is None:
            return []
        data: dict[str, Any] = builtins(message)
        block.content, block.details = data.get("content") or [], data.get("details")
        block.state = "failed" if message.is_error else "done"
        self._close(block)
        return [block]

    # -- runs --------------------------------------------------------------------------------------

    def _agent_end(self, event: AgentEnd) -> list[Block]:
        if event.will_retry:
            return []
        return self._give_up()

    def _settled(self, event: s.AgentSettled) -> list[Block]:
        changed = self._give_up()
        for block in self.blocks:
            if block.open and block is not self._command:
                if isinstance(block, ToolBlock):
                    block.state = "failed"
                self._close(block)
                changed.append(block)
        self._calls.clear()
        return changed

    def _give_up(self) -> list[Block]:
        """Say why the last answer failed, once."""
        failure, self._failure = self._failure, None
        if failure is None:
            return []
        return [self.say("error", f"Error: {in_words(failure)}")]

    def _retry_start(self, event: s.AutoRetryStart) -> list[Block]:
        failure, self._failure = self._failure, None
        if failure is not None and failure.content:
            return [self.say("dim", CUT_OFF)]
        return []

    def _retry_end(self, event: s.AutoRetryEnd) -> list[Block]:
        if event.success or not isinstance(event.final_error, str):
            return []
        failure, self._failure = self._failure, None
        text = event.final_error if failure is None else in_words(failure, event.final_error)
        return [self.say("error", f"{after_retries(event.attempt)}: {text}")]

    # -- around the run ----------------------------------------------------------------------------

    def _compacted(self, event: s.CompactionEnd) -> list[Block]:
        if event.aborted:
            return [self.say("dim", "Compaction cancelled; nothing was changed.")]
        if isinstance(event.error_message, str):
            return [self.say("error", f"Compaction failed: {event.error_message}")]
        result = event.result
        if not isinstance(result, s.CompactionResult):
            return []
        usage = result.usage if isinstance(result.usage, Usage) else None
        block = SummaryBlock(text=result.summary, tokens_before=result.tokens_before, usage=usage)
        self._put(block)
        self._close(block)
        return [block]

    def _output(self, event: s.BashExecutionUpdate) -> list[Block]:
        if self._command is None:
            return []
        self._command.output.append(event.delta)
        return [self._command]

    def _entry(self, event: s.EntryAppended) -> list[Block]:
        """What an extension has added."""
        data = event.entry
        blocks: list[Block] = []
        if data.get("type") == "custom_message":
            blocks = custom(data)
        elif data.get("type") == "custom":
            kind, details = data.get("customType", ""), data.get("data")
            blocks = [CustomBlock(kind=kind, details=details, entry=True)]
        for block in blocks:
            self._put(block)
            self._close(block)
        return blocks

    def _notice(self, event: s.Notice) -> list[Block]:
        return [self.say(event.level, event.message)]

    def _extension_error(self, event: s.ExtensionError) -> list[Block]:
        where = f"{event.extension_path} ({event.event})"
        error = " ".join(event.error.replace(f"{event.extension_path}: ", "").split())
        text = f"Extension {where}: {error}"
        if text in self._faults:  # a renderer fails with every block it is asked for
            return []
        self._faults.add(text)
        return [self.say("error", text)]

    def _limit(self, event: s.LimitReached) -> list[Block]:
        return [self.say("warning", event.message)]


_HANDLERS: dict[type, Callable[[Fold, Any], list[Block]]] = {
    MessageStart: Fold._message_start,
    MessageUpdate: Fold._message_update,
    MessageEnd: Fold._message_end,
    ToolExecutionStart: Fold._tool_start,
    ToolExecutionUpdate: Fold._tool_update,
    ToolExecutionEnd: Fold._tool_end,
    AgentEnd: Fold._agent_end,
    s.AgentSettled: Fold._settled,
    s.AutoRetryStart: Fold._retry_start,
    s.AutoRetryEnd: Fold._retry_end,
    s.CompactionEnd: Fold._compacted,
    s.BashExecutionUpdate: Fold._output,
    s.EntryAppended: Fold._entry,
    s.Notice: Fold._notice,
    s.ExtensionError: Fold._extension_error,
    s.LimitReached: Fold._limit,
}

_UPDATES: dict[type, Callable[[Fold, Any], Block | None]] = {
    e.TextStart: Fold._text_start,
    e.ThinkingStart: Fold._text_start,
    e.TextDelta: Fold._delta,
    e.ThinkingDelta: Fold._delta,
    e.TextEnd: Fold._text_end,
    e.ThinkingEnd: Fold._text_end,
    e.ToolCallStart: Fold._call_start,
    e.ToolCallDelta: Fold._call_delta,
    e.ToolCallEnd: Fold._call_end,
}
