"""A wire of its own: a service that speaks none of ours, here one that gives plain lines.

POST {base_url}/chat with `{"model", "system", "turns": [{"who", "says"}]}`; the answer is a stream
of server-sent events `{"says": "..."}`, and `{"read": N, "wrote": N}` at its end. A protocol is a
pure translator: it opens nothing and asks nobody. Tools are left out; see pi/ai/protocols for more.
"""

import json
import os

from pi.extensions import (
    AssistantMessage,
    Conversation,
    Decoder,
    Frame,
    Model,
    Options,
    Pi,
    Request,
    Usage,
    WireProtocol,
    text_of,
)

SERVICE = os.environ.get("PARROT_URL", "https://parrot.example")


class Lines(WireProtocol):
    """The wire. Its name is what models say as `api`."""

    api = "parrot-lines"

    def encode(self, model: Model, context: Conversation, options: Options) -> Request:
        turns = [
            {"who": "parrot", "says": message.text}
            if isinstance(message, AssistantMessage)
            else {"who": "user", "says": text_of(message.content)}
            for message in context.messages
        ]
        body = {"model": model.id, "system": "\n\n".join(context.system), "turns": turns}
        return Request(
            url=f"{model.base_url}/chat", headers={"Content-Type": "application/json"}, body=body
        )

    def decoder(self, model: Model, options: Options, context: Conversation) -> Decoder:
        return LinesDecoder(model)


class LinesDecoder(Decoder):
    """One answer. What is not said by `done` or `fail` at the end is a stream that was cut."""

    def on_frame(self, frame: Frame) -> None:
        data = json.loads(frame.data)
        if "says" in data:
            block = self.blocks[-1] if self.blocks else self.open_text()
            self.delta(block, data["says"])
        elif "trouble" in data:
            self.fail("overloaded" if data.get("busy") else "protocol", data["trouble"])
        else:
            self.metadata(usage=Usage(input=data["read"], output=data["wrote"]))
            self.done("stop")


def extension(pi: Pi) -> None:
    pi.register_protocol("parrot-lines", Lines())
    pi.register_provider(
        "parrot",
        base_url=SERVICE,
        api="parrot-lines",
        api_key="$PARROT_KEY",
        models=[{"id": "grey", "cost": {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0}}],
    )
