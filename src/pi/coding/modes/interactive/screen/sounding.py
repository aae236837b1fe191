"""Which window each frame has met: the terminal is asked in the frame, and answers later.

`ask_size` is answered in the order of what was sent, so the answer tells the size that the window
had when the frame arrived. Until it is there, the frame is presumed to have met the window that it
was made for. A terminal that does not answer is asked no more, and all is presumed.
"""

import asyncio
import re

from pi.coding.modes.interactive.screen.ground import Frame, Ground, Seen

__all__ = ["Sounding"]

_SIZE = re.compile(r"\x1b\[8;([0-9]{1,5});([0-9]{1,5})t")
_PLACE = re.compile(r"\x1b\[([0-9]{1,5});([0-9]{1,5})R")


class Sounding:
    """Frames that were sent, and what they have made of the ground.

    answers: whether the terminal has answered once. told: the window of the last answer. ground:
    how it is now, as far as is known or presumed.
    """

    def __init__(self, *, reflows: bool) -> None:
        self.answers = False
        self.told = Seen(0, 0)
        self.ground = self._sure = Ground(reflows)
        self._size: tuple[int, int] | None = None
        self._turned = False
        self._sent: list[tuple[Frame | None, Seen, bool]] = []
        self._answered = asyncio.Event()
        self._answered.set()

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return not self._answered.is_set()

    def sent(self, frame: Frame | None, window: Seen, *, asked: bool) -> None:
        """A frame, made for that window, or the question alone."""
        if frame is not None:
            self.ground = self.ground.after(frame, window)
        if asked:
            self._answered.clear()
        if asked or self._sent:
            self._sent.append((frame, window, asked))
        else:
            self._sure = self.ground

    def heard(self, reply: str, window: Seen) -> bool | None:
        """Take an answer. Whether a window was as presumed; None if it tells nothing yet.

        window: as the system knows it.
        """
        size, place = _SIZE.fullmatch(reply), _PLACE.fullmatch(reply)
        if size is not None:
            columns, rows = int(size[2]), int(size[1])
            if not self.answers:
                self.answers = True
                # tmux up to 3.3 gives the columns first
                self._turned = (rows, columns) == (window.columns, window.rows) != (columns, rows)
            self._size = (rows, columns) if self._turned else (columns, rows)
        if place is None or self._size is None:
            return None
        self.told = Seen(*self._size, int(place[1]) - 1)
        self._size = None
        return self._learn(self.told)

    def _learn(self, told: Seen) -> bool | None:
        if not self.waiting:
            return None
        as_presumed = True
        while self._sent:
            frame, window, asked = self._sent.pop(0)
            if asked:
                self._sure = self._sure.at(told)
                as_presumed = (window.columns, window.rows) == (told.columns, told.rows)
                window = told
            if frame is not None:
                self._sure = self._sure.after(frame, window)
            if asked:
                break
        self.ground = self._sure
        for frame, window, _ in self._sent:
            if frame is not None:
                self.ground = self.ground.after(frame, window)
        if not any(asked for _, _, asked in self._sent):
            self._sent.clear()
            self._sure = self.ground
            self._answered.set()
        return as_presumed

    def give_up(self) -> None:
        """No answer comes: ask no more."""
        self.answers = False
        self._presume()

    def forget(self) -> None:
        """The live area was taken away, and others may have written since."""
        self._presume()
        lost = tuple(pair for pair in self.ground.lines if pair[0].line is not None and not pair[1])
        self.ground = self._sure = Ground(self.ground.reflows, lost, len(lost))

    def _presume(self) -> None:
        self._sent.clear()
        self._sure = self.ground
        self._answered.set()

    async def answered(self, patience: float) -> None:
        """Wait so many seconds at most until no answer is on its way: it is not for the shell."""
        try:
            await asyncio.wait_for(self._answered.wait(), patience)
        except TimeoutError:
            return
