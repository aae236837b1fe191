"""Which of Copilot's models an account may use, and switching on those that wait for it.

GitHub answers many requests at once with a limit, so models are switched on one after the other,
only those that were never decided about, and not one more after the first limit. None of this is
worth a failed login: what cannot be found out stays unknown.
"""

import asyncio
from typing import Any, cast
from urllib.parse import quote

from pi.ai.auth.base import LoginUI
from pi.ai.auth.oauth.service import Answer, Service
from pi.ai.auth.oauth.world import World
from pi.ai.errors import PiError

__all__ = ["CopilotModels"]

_LIST_SECONDS = 5.0
_ENABLE_SECONDS = 60.0
_API_VERSION = "2026-06-01"


class CopilotModels:
    """The models of one account. individual: the endpoint of private accounts."""

    def __init__(
        self, world: World, base_url: str, headers: dict[str, str], *, individual: bool
    ) -> None:
        self.base_url = base_url
        self.headers = headers
        self.individual = individual
        self._service = Service(world, "GitHub Copilot")

    async def offered(self) -> list[str] | None:
        """The ids of the models that the account may use; None if that is not known."""
        models = await self._list()
        return None if models is None else self._usable(models)

    async def enable(self, ui: LoginUI) -> list[str] | None:
        """Switch on what was never decided about; then `offered`."""
        models = await self._list()
        if models is None:
            ui.progress("The list of models could not be read; nothing was switched on.")
            return None
        waiting = [str(model["id"]) for model in models if _policy(model) == "unconfigured"]
        try:
            async with asyncio.timeout(_ENABLE_SECONDS):
                await self._enable_all(waiting, ui)
        except TimeoutError:
            ui.progress("Not all models could be switched on in time.")
        return self._usable(models)

    async def _enable_all(self, waiting: list[str], ui: LoginUI) -> None:
        for number, model in enumerate(waiting):
            try:
                answer = await self._enable(model)
            except PiError:
                continue
            if answer.status == 429 or "retry-after" in answer.headers:
                wait = answer.headers.get("retry-after", "")
                ui.progress(
                    f"GitHub asks to slow down{f' (for {wait} s)' if wait.isdigit() else ''}:"
                    f" {len(waiting) - number} models were not switched on. That can be done in"
                    " GitHub's Copilot settings, or by logging in again later."
                )
                return

    async def _enable(self, model: str) -> Answer:
        return await self._service.json(
            f"{self.base_url}/models/{quote(model, safe='')}/policy",
            {"state": "enabled"},
            {
                **self.headers,
                "openai-intent": "chat-policy",
                "x-interaction-type": "chat-policy",
            },
        )

    async def _list(self) -> list[dict[str, Any]] | None:
        """The models that can call tools; None if the list cannot be had."""
        headers = {**self.headers, "X-GitHub-Api-Version": _API_VERSION}
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                answer = await self._service.get(f"{self.base_url}/models", headers)
            items: object = answer.object().get("data")
        except (TimeoutError, PiError):
            return None
        if not isinstance(items, list):
            return None
        models = [_object(item) for item in cast("list[Any]", items)]
        return [m for m in models if isinstance(m.get("id"), str) and _calls_tools(m)]

    def _usable(self, models: list[dict[str, Any]]) -> list[str]:
        picked = [
            model
            for model in models
            if model.get("model_picker_enabled") is True and _policy(model) != "disabled"
        ]
        flagged = any(model.get("model_picker_enabled") is True for model in models)
        if self.individual and not flagged:
            picked = [model for model in models if _policy(model) == "enabled"]
        return [str(model["id"]) for model in picked]


def _policy(model: dict[str, Any]) -> str:
    return str(_object(model.get("policy")).get("state", ""))


def _calls_tools(model: dict[str, Any]) -> bool:
    supports = _object(_object(model.get("capabilities")).get("supports"))
    return supports.get("tool_calls") is not False


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
