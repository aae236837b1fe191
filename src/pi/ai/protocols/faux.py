"""The scripted protocol: the request body is the context, a frame is a piece of an answer.

Its other half, the script and the transport that plays it, is `pi.ai.faux`.
"""

import msgspec

from pi.ai.messages import Context, Usage
from pi.ai.model import Model
from pi.ai.options import Options, estimate_tokens
from pi.ai.protocols.base import Block, Decoder, Protocol
from pi.ai.request import Frame, Request

__all__ = ["Faux", "FauxDecoder"]


class Faux(Protocol):
    """The protocol: the body of a request is the context, frames are parts."""

    api = "faux"

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request. `options` do not matter to a script."""
        return Request(model.base_url, {}, {"context": msgspec.to_builtins(context)})

    def decoder(self, model: Model, options: Options, context: Context) -> "FauxDecoder":
        """A decoder that counts tokens by the rule of thumb of `estimate_tokens`."""
        return FauxDecoder(model, estimate_tokens(context))


class FauxDecoder(Decoder):
    """Reads parts."""

    def __init__(self, model: Model, input_tokens: int) -> None:
        super().__init__(model)
        self._input = input_tokens
        self._block: Block | None = None
        self._reason = "stop"
        self._letters = 0

    def on_frame(self, frame: Frame) -> None:
        """One chunk of one part: `open`, `delta`, `fail` or `end`."""
        data = msgspec.json.decode(frame.data)
        match frame.event:
            case "open":
                self._open_part(data)
            case "delta":
                assert self._block is not None
                self._letters += len(data)
                self.delta(self._block, data)
            case "close":
                assert self._block is not None
                self.end(self._block)
            case "fail":
                self.fail(data["kind"], data["message"])
            case "end":
                output = -(-self._letters // 4)
                usage = Usage(self._input, output, 0, 0, self._input + output)
                self.metadata(response_id="faux", usage=usage)
                self.done("toolUse" if self._reason == "toolUse" else "stop")
            case _:
                raise ValueError(f"unknown frame {frame.event}")

    def _open_part(self, part: dict[str, str]) -> None:
        match part["kind"]:
            case "text":
                self._block = self.open_text()
            case "thinking":
                self._block = self.open_thinking()
            case _:
                self._reason = "toolUse"
                call_id = part.get("id") or f"call_{len(self.blocks) + 1}"
                self._block = self.open_tool(call_id, part["name"])
