"""Asks again when an answer failed for a reason that passes: decided on the kind of the error.

Before its first content the client sends a failed request again, after that this policy does; both
draw on one count of attempts and wait here, so a user never waits for one kind of retry inside
another. The count starts anew with every answer that succeeds.
"""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import UNSET
from msgspec.structs import replace

from pi.agent.hooks import Hooks
from pi.ai.errors import RETRYABLE
from pi.ai.messages import AssistantMessage
from pi.ai.options import Options
from pi.ai.options import Retry as Planned
from pi.coding.api.events import AutoRetryEnd, AutoRetryStart, Notice
from pi.coding.policies.edits import leave_out, node_of
from pi.coding.policies.host import PolicyHost
from pi.coding.settings import RetrySettings

__all__ = ["Retry", "Sleep", "delay_before"]

Sleep = Callable[[float], Awaitable[object]]
"""Waits for seconds."""


def delay_before(settings: RetrySettings, attempt: int, asked: float | None) -> float | None:
    """Seconds to wait before retry number `attempt` (from 1); None if that is too long.

    asked: what the service wants. A service may ask for more than the user is willing to wait.
    """
    if asked is None:
        delay = settings.base_delay_ms * 2.0 ** min(attempt - 1, 30)
        return min(delay, settings.max_agent_delay_ms) / 1000
    limit = settings.provider.max_retry_delay_ms
    return None if limit and asked * 1000 > limit else asked


class Retry(Hooks):
    """The policy. `auto_retry`: whether it does anything. `sleep` is for tests."""

    def __init__(self, host: PolicyHost, *, sleep: Sleep = asyncio.sleep) -> None:
        self._host = host
        self._sleep = sleep
        self.auto_retry = host.settings.retry.enabled
        self._used = 0
        self._given_up = False
        self._countdown: asyncio.Future[object] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a failed request waits to be sent again."""
        return self._countdown is not None

    def abort_retry(self) -> None:
        """Do not wait for the next attempt: the run ends with the error."""
        if self._countdown is not None:
            self._countdown.cancel()

    # -- on the loop ----------------------------------------------------------------------------

    def on_run_start(self) -> None:
        """Nothing was retried yet."""
        self._used = 0
        self._given_up = False

    def call_options(self, options: Options) -> Options:
        """Let the client retry as often as is left, and wait here."""
        settings = self._host.settings.retry
        return replace(
            options,
            max_retries=max(0, self._limit - self._used),
            max_retry_delay=settings.provider.max_retry_delay_ms / 1000,
            on_retry=None,
            before_retry=self._before_content,
        )

    async def after_answer(self, message: AssistantMessage) -> bool:
        """It worked."""
        self._over(None)
        return False

    async def after_error(self, message: AssistantMessage) -> bool:
        """Wait and have it asked again, if that can help."""
        text = message.error_message or "unknown error"
        given_up, self._given_up = self._given_up, False
        kind = message.error_kind
        if given_up or kind not in RETRYABLE or not self.auto_retry or self._used >= self._limit:
            self._over(text)
            return False
        delay = delay_before(self._host.settings.retry, self._used + 1, message.retry_after)
        if delay is None:
            self._too_long(message.retry_after or 0)
        elif await self._wait(delay, text):
            leave_out(self._host.log, node_of(self._host.log, message))
            return True
        self._over(text)
        return False

    def on_run_end(self) -> None:
        """A retry that was cut short is over too."""
        self._over("aborted")

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _limit(self) -> int:
        """Attempts beyond the first, of client and policy together."""
        settings = self._host.settings.retry
        own = settings.max_retries if self.auto_retry else 0
        return max(own, settings.provider.max_retries)

    async def _before_content(self, planned: Planned) -> bool:
        """Whether the client is to send its request again; waits as long as that needs."""
        settings = self._host.settings.retry
        asked = planned.delay if planned.asked else None
        delay = delay_before(settings, self._used + 1, asked)
        if delay is not None and await self._wait(delay, planned.message):
            return True
        self._given_up = True
        return False

    async def _wait(self, delay: float, message: str) -> bool:
        """Tell of a retry and wait for it; False if somebody would not wait."""
        self._used += 1
        self._host.tell(AutoRetryStart(self._used, self._limit, round(delay * 1000), message))
        countdown = self._countdown = asyncio.ensure_future(self._sleep(delay))
        try:
            await asyncio.wait([countdown])
        finally:
            self._countdown = None
            countdown.cancel()
        return not countdown.cancelled()

    def _over(self, error: str | None) -> None:
        """Tell that the retries are over, if there were any; `error` is None if one helped."""
        if self._used:
            used, self._used = self._used, 0
            self._host.tell(AutoRetryEnd(error is None, used, error or UNSET))

    def _too_long(self, asked: float) -> None:
        limit = self._host.settings.retry.provider.max_retry_delay_ms / 1000
        self._host.tell(
            Notice(
                "warning",
                f"the service asks to wait {asked:.0f} s, longer than retry.provider."
                f"maxRetryDelayMs allows ({limit:.0f} s): not tried again",
            )
        )
