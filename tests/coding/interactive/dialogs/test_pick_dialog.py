"""The list to choose from, with real keys on a virtual terminal."""

import asyncio

import pytest

from pi.coding.api.picking import Choice, PickAction, Picked, PickList
from pi.coding.modes.interactive.dialogs.pick import pick
from pi.coding.modes.interactive.keymap import Keymap
from support.stage_screen import StageScreen, on_stage


def models(count: int) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            key=f"k{n}",
            label=f"maker-{n % 7}/model-{n}",
            cells=("200K", f"${n % 9}/${n % 5}", "✓ key"),
        )
        for n in range(count)
    )


FRUIT = (
    Choice(key="a", label="apple", detail="red or green"),
    Choice(key="b", label="banana", why="it is not ripe"),
    Choice(key="c", label="cherry", mark="✓"),
)


async def opened(stage: StageScreen, picklist: PickList) -> "asyncio.Future[Picked | None]":
    task = asyncio.ensure_future(pick(stage, picklist))
    await stage.sees(picklist.title[:8])
    return task


async def test_moving_and_taking() -> None:
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Fruit of the day", choices=FRUIT))
        assert stage.lines()[:2] == ["Fruit of the day" + " " * 79 + "(1/3)", "/"]
        assert "› " in stage.lines()[2]
        stage.press("down", "down", "enter")
        assert await task == Picked("c")


async def test_it_goes_around_and_pages() -> None:
    async with on_stage(80, 20) as stage:
        task = await opened(stage, PickList(title="Models", choices=models(120)))
        stage.press("up")
        await stage.sees("(120/120)")
        stage.press("home")
        await stage.sees("(1/120)")
        stage.press("pagedown")
        await stage.sees("(8/120)")
        stage.press("end", "right")
        await stage.sees("(120/120)")
        stage.press("left", "home", "enter")
        assert await task == Picked("k0")


@pytest.mark.parametrize(("columns", "rows"), [(100, 30), (80, 24), (40, 20), (40, 10), (80, 6)])
async def test_it_takes_half_of_the_window_whatever_is_filtered(columns: int, rows: int) -> None:
    async with on_stage(columns, rows) as stage:
        choices = (Choice(key="x", label="extra", detail="why\nand how"), *models(50))
        actions = (PickAction("ctrl+s", "save", "save as the default"),)
        task = await opened(stage, PickList(title="Models", choices=choices, actions=actions))
        height = stage.app.layout.container.preferred_height(columns, rows).preferred
        assert height == max(6, rows // 2)
        keys = next(at for at, row in enumerate(stage.lines()) if row.startswith("Enter"))
        assert stage.lines()[keys - 1]  # nothing stays empty between a detail and the keys
        stage.press("model-7")
        await stage.sees("› maker-0/model-7")
        assert "Esc close" in stage.text()
        assert stage.app.layout.container.preferred_height(columns, rows).preferred == height
        stage.press("esc")
        assert await task is None


async def test_esc_and_ctrl_c_close() -> None:
    async with on_stage() as stage:
        for key in ("esc", "ctrl+c"):
            task = await opened(stage, PickList(title="Fruit", choices=FRUIT))
            stage.press(key)
            assert await task is None


async def test_esc_closes_at_once() -> None:
    """What is typed after it goes to the editor, and is no Alt and a letter."""
    async with on_stage() as stage:
        stage.app.timeoutlen = 1000
        task = await opened(stage, PickList(title="Fruit", choices=FRUIT))
        stage.press("esc")
        assert await asyncio.wait_for(task, 5) is None


async def test_typing_filters_and_the_best_comes_first() -> None:
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Models", choices=models(1665)))
        stage.press("model-1204")
        await stage.sees("› maker-0/model-1204")
        stage.press("enter")
        assert await task == Picked("k1204", query="model-1204")


async def test_nothing_matches() -> None:
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Fruit", choices=FRUIT))
        stage.press("zzz", "enter")
        await stage.sees("nothing matches")
        stage.press("backspace", "backspace", "backspace")
        await stage.sees("apple")
        stage.press("esc")
        assert await task is None


async def test_a_row_that_cannot_be_taken_says_why() -> None:
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Fruit", choices=FRUIT, selected="b"))
        await stage.sees("it is not ripe")
        stage.press("enter", "up")
        await stage.sees("red or green")
        stage.press("enter")
        assert await task == Picked("a")


async def test_rows_that_can_be_taken_come_first_among_hits() -> None:
    choices = (
        Choice(key="1", label="sonnet", why="no key"),
        Choice(key="2", label="old sonnet by another"),
    )
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Models", choices=choices, query="sonnet"))
        stage.press("enter")
        assert await task == Picked("2", query="sonnet")


@pytest.mark.parametrize(
    ("key", "press"),
    [("ctrl+s", "ctrl+s"), ("tab", "tab"), ("alt+up", "alt+up"), ("shift+l", "L")],
)
async def test_actions_close_it_with_row_and_query(key: str, press: str) -> None:
    action = PickAction(key, "do", "do something")
    async with on_stage() as stage:
        picklist = PickList(title="Fruit", choices=FRUIT, actions=(action,), query="e")
        task = await opened(stage, picklist)
        await stage.sees("do something")
        stage.press("down", press)
        found = await task
        assert found is not None
        assert (found.action, found.query) == (key, "e")
        assert found.key in {"a", "c"}


async def test_an_action_is_there_although_no_row_is() -> None:
    async with on_stage() as stage:
        action = PickAction("tab", "all", "all folders")
        empty = PickList(title="Sessions", choices=(), actions=(action,), empty="no sessions here")
        task = await opened(stage, empty)
        await stage.sees("no sessions here")
        stage.press("enter", "tab")
        assert await task == Picked("", "tab")


async def test_many() -> None:
    async with on_stage() as stage:
        picklist = PickList(title="Fruit", choices=FRUIT, many=True, chosen=("c",))
        task = await opened(stage, picklist)
        await stage.sees("[x] ✓ cherry")
        stage.press(" ", "down", " ", "down", " ", " ", "enter")
        assert await task == Picked("c", keys=("a", "c"))


async def test_a_tree_keeps_its_order_and_indentation() -> None:
    choices = tuple(Choice(key=str(n), label=f"step {n}", depth=n // 2) for n in range(6))
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Tree", choices=choices, selected="4"))
        await stage.sees("›     step 4")
        stage.press("step")
        await stage.sees("(1/6)")
        assert [line.strip(" ›") for line in stage.lines()[2:8]] == [f"step {n}" for n in range(6)]
        stage.press("esc")
        await task


@pytest.mark.parametrize("columns", [100, 40, 20, 7, 2, 1])
@pytest.mark.parametrize("rows", [30, 6])
async def test_columns_give_way_and_nothing_is_wider(columns: int, rows: int) -> None:
    async with on_stage(columns, rows) as stage:
        wide = Choice(key="w", label="日本語のモデル with a long name", cells=("1M", "free"))
        actions = (PickAction("ctrl+s", "save", "save as the default"),)
        picklist = PickList(title="M", choices=(wide, *models(50)), actions=actions)
        task = await opened(stage, picklist)
        stage.press("down")
        await stage.sees(lambda: stage.screen.cursor.y >= 0)
        if columns >= 20:
            await stage.sees("maker-0")
            assert ("$0/$0" in stage.text()) == (columns >= 40)
            assert ("✓ key" in stage.text()) == (columns >= 100)
        stage.press("esc")
        assert await task is None


async def test_control_characters_of_data_stay_out() -> None:
    evil = "a\x1b[2Jb\x07c\x1b]0;title\x07\u202ed\ne"
    choice = Choice(key="e", label=evil, cells=(evil,), detail=evil, mark="\x1b[31m!")
    async with on_stage() as stage:
        picklist = PickList(title="T" + evil, choices=(choice,), hint=evil)
        task = asyncio.ensure_future(pick(stage, picklist))
        await stage.sees("abcd e")
        stage.paste("x\x1b[2J\ny")
        await stage.sees("/ x y")
        stage.press("esc")
        await task
        written = "".join(stage.wire.written)
        assert "\x1b[2J" not in written
        assert "\x07" not in written
        assert "title" not in written


async def test_keys_of_the_keymap_replace_the_usual_ones() -> None:
    async with on_stage() as stage:
        chosen = {"tui.select.down": ("ctrl+n",), "tui.select.cancel": ("ctrl+x",)}
        stage.keymap = Keymap(chosen)
        task = await opened(stage, PickList(title="Fruit", choices=FRUIT))
        await stage.sees("Ctrl+X close")
        stage.press("down", "ctrl+n", "ctrl+n", "enter")
        assert await task == Picked("c")


async def test_an_action_of_the_keymap_has_the_keys_that_the_user_chose() -> None:
    rename = PickAction("app.session.rename", "rename", "rename")
    hidden = PickAction("app.session.delete", "delete", "")
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Fruit", choices=FRUIT, actions=(rename, hidden)))
        await stage.sees("Ctrl+R rename")
        assert "Ctrl+D" not in stage.text()
        stage.press("ctrl+d")
        assert await task == Picked("a", "app.session.delete")
        stage.keymap = Keymap({"app.session.rename": ("ctrl+y",), "app.session.delete": ()})
        task = await opened(stage, PickList(title="Again", choices=FRUIT, actions=(rename, hidden)))
        await stage.sees("Ctrl+Y rename")
        stage.press("ctrl+d", "ctrl+r", "ctrl+y")
        assert await task == Picked("a", "app.session.rename")


async def test_a_time_limit_closes_it() -> None:
    async with on_stage() as stage:
        assert await pick(stage, PickList(title="Quick", choices=FRUIT), timeout=0.05) is None


async def test_cancelling_the_task_closes_it() -> None:
    async with on_stage() as stage:
        task = await opened(stage, PickList(title="Fruit", choices=FRUIT))
        task.cancel()
        await asyncio.wait([task])
        await stage.sees(lambda: "Fruit" not in stage.text())
        again = await opened(stage, PickList(title="Again", choices=FRUIT))
        stage.press("enter")
        assert await again == Picked("a")


async def test_a_resized_terminal_is_followed() -> None:
    async with on_stage(100, 30) as stage:
        task = await opened(stage, PickList(title="Models", choices=models(40)))
        stage.size = (30, 12)
        stage.screen.resize(12, 30)
        stage.app.renderer.erase()
        stage.redraw()
        await stage.sees("maker-0/model-0")
        await stage.sees(lambda: "(1/40)" in stage.lines()[0])
        stage.press("enter")
        assert await task == Picked("k0")
