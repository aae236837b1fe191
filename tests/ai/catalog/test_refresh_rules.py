"""From a list to facts: what is taken, what is kept, what is corrected, what is not believed."""

import msgspec
import pytest

from pi.ai.catalog import packaged
from pi.ai.catalog.compile import compile_rows
from pi.ai.catalog.draft import draft
from pi.ai.catalog.schema import ModelFacts, Wires
from pi.ai.catalog.thinking import parse_levels
from pi.ai.catalog.update.learn import teach
from pi.ai.catalog.update.listing import Listed
from pi.ai.catalog.update.row import Correction, Explained, SourceRow, Upstream
from pi.ai.catalog.update.rules import corrected, known_from, wanted
from pi.ai.model import Price, PriceTier

WIRES = packaged.rows().wires
ROW = SourceRow(
    id="lab",
    name="Lab",
    api="openai-completions",
    base_urls={"openai-completions": "https://lab.example/v1"},
    default_model="big-2",
)
OLD = ModelFacts(
    id="big-2",
    name="Big 2",
    levels="off low high",
    context_window=200_000,
    max_output_tokens=64_000,
    cost=Price(2.0, 10.0, 0.2, 2.5, (PriceTier(100_000, 4.0, 20.0, 0.4, 5.0),)),
    compat={"supports_store": False},
)
KNOWN = {"big-2": OLD}


def row(**changes: object) -> SourceRow:
    """The provider with rules."""
    return msgspec.structs.replace(ROW, **changes)


def ruled(**rules: object) -> SourceRow:
    """The provider with rules for its lists."""
    return row(upstream=Upstream(**rules))  # type: ignore[arg-type]


def facts(item: Listed, provider: SourceRow = ROW, **more: bool) -> ModelFacts:
    """What becomes of a listed model."""
    learned = wanted(item, provider, KNOWN, WIRES, **more)
    assert learned is not None
    return learned.facts


def big(**said: object) -> Listed:
    """What a list says about the known model."""
    return Listed(id="big-2", **said)  # type: ignore[arg-type]


# -- known models ----------------------------------------------------------------------------------


def test_what_a_list_does_not_say_stays() -> None:
    assert facts(big()) == OLD


def test_tokens_images_and_prices_are_taken() -> None:
    new = facts(
        big(
            window=400_000,
            output=128_000,
            images=True,
            prices={"input": 1.0, "output": 8.0, "cache_read": 0.3, "cache_write": 0.0},
            tiers={200_000: {"input": 3.0, "output": 9.0}},
        )
    )
    assert (new.context_window, new.max_output_tokens) == (400_000, 128_000)
    assert new.input == ("text", "image")
    assert new.cost == Price(1.0, 8.0, 0.3, 0.0, (PriceTier(200_000, 3.0, 9.0, 0.3, 0.0),))
    assert (new.name, new.levels, new.compat) == (OLD.name, OLD.levels, OLD.compat)


def test_what_belongs_to_a_price_moves_with_it() -> None:
    """A list that gives two prices does not make the other ones wrong."""
    new = facts(big(prices={"input": 1.0, "output": 20.0}))
    assert new.cost == Price(1.0, 20.0, 0.1, 1.25, (PriceTier(100_000, 2.0, 40.0, 0.2, 2.5),))


def test_a_limit_that_differs_by_one_is_the_same_limit() -> None:
    band = {100_001: {"input": 4.0, "output": 20.0}}
    assert facts(big(prices={"input": 2.0, "output": 10.0}, tiers=band)).cost == OLD.cost


def test_the_prices_alone() -> None:
    said = big(window=1_000_000, output=9, images=True, prices={"input": 3.0, "output": 10.0})
    new = facts(said, prices_only=True)
    assert new.cost.input == 3.0
    assert msgspec.structs.replace(new, cost=OLD.cost) == OLD


def test_an_answer_cannot_be_longer_than_the_context() -> None:
    assert facts(big(window=100_000, output=400_000)).max_output_tokens == 100_000


@pytest.mark.parametrize(
    "prices",
    [
        {"input": 2.0},
        {"output": 1.0},
        {},
    ],
)
def test_half_a_price_is_none(prices: dict[str, float]) -> None:
    assert facts(big(prices=prices)).cost == OLD.cost


@pytest.mark.parametrize(
    "prices",
    [
        {"input": 6.1, "output": 10.0},
        {"input": 0.6, "output": 10.0},
        {"input": 2.0, "output": 31.0},
        {"input": 0.0, "output": 0.0},
        {"input": 2.0, "output": 0.0},
    ],
)
def test_a_price_that_leaps_is_held(prices: dict[str, float]) -> None:
    learned = wanted(big(prices=prices), ROW, KNOWN, WIRES)
    assert learned is not None
    assert learned.facts == OLD
    (text,) = learned.held
    assert text.startswith("price $2 in, $10 out -> $")


def test_a_leap_with_a_reason_is_believed() -> None:
    explained = ruled(price=(Explained(match="big-*", reason="Announced on 1 May."),))
    assert facts(big(prices={"input": 20.0, "output": 100.0}), explained).cost.input == 20.0


def test_a_context_window_that_leaps_is_held() -> None:
    learned = wanted(big(window=2_000, output=1_000), ROW, KNOWN, WIRES)
    assert learned is not None
    assert learned.facts == OLD
    assert learned.held == ("context window 200,000 -> 2,000 tokens",)


def test_an_unknown_price_becomes_known() -> None:
    known = {"big-2": msgspec.structs.replace(OLD, cost=Price(), cost_basis="unknown")}
    learned = wanted(big(prices={"input": 1.0, "output": 2.0}), ROW, known, WIRES)
    assert learned is not None
    assert learned.facts.cost == Price(1.0, 2.0)
    assert learned.facts.cost_basis == ""


def test_the_price_of_a_plan_is_nobodys_business() -> None:
    plan = row(cost_basis="subscription")
    assert facts(big(prices={"input": 0.0, "output": 0.0}), plan).cost == OLD.cost


def test_pinned_prices_stay() -> None:
    pinned = ruled(pinned=(Explained(match="*", reason="By the hour."),))
    assert facts(big(prices={"input": 1.0, "output": 5.0}), pinned).cost == OLD.cost


# -- corrections -----------------------------------------------------------------------------------


def test_corrections_hold_against_every_list() -> None:
    rule = Correction(match="big-*", set={"contextWindow": 200_000}, reason="A beta.")
    assert facts(big(window=1_000_000), row(corrections=(rule,))).context_window == 200_000


def test_the_window_that_counts_ends_where_prices_rise() -> None:
    rule = Correction(match="*", window=100_000, reason="Dearer above.")
    ours = row(corrections=(rule,))
    new = facts(big(window=500_000), ours)
    assert (new.context_window, new.extended_context_window) == (100_000, 500_000)
    again = wanted(big(window=500_000), ours, {"big-2": new}, WIRES)
    assert again is not None
    assert again.facts == new
    flat = msgspec.structs.replace(OLD, cost=Price(2.0, 10.0))
    assert corrected(flat, ours) == flat


# -- which models ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "rules", "taken"),
    [
        (Listed(id="a"), {}, True),
        (Listed(id="a", tools=True), {}, True),
        (Listed(id="a", tools=False), {}, False),
        (Listed(id="a", chat=False), {}, False),
        (Listed(id="a", status="retired"), {}, False),
        (Listed(id="a", status="deprecated"), {}, True),
        (Listed(id="a", status="deprecated"), {"drop_deprecated": True}, False),
        (Listed(id="a"), {"only": ("b*",)}, False),
        (Listed(id="bb"), {"only": ("b*",)}, True),
        (Listed(id="a"), {"drop": (Explained(match="a", reason="It is b."),)}, False),
    ],
)
def test_models_that_can_be_used_here(item: Listed, rules: dict[str, object], taken: bool) -> None:
    assert known_from([item], ruled(**rules)) == ([item] if taken else [])


# -- new models ------------------------------------------------------------------------------------


def test_a_new_model_is_like_the_nearest_one() -> None:
    learned = wanted(Listed(id="big-3", window=300_000), ROW, KNOWN, WIRES)
    assert learned is not None
    assert learned.like == "big-2"
    assert learned.facts == ModelFacts(
        id="big-3",
        levels=OLD.levels,
        context_window=300_000,
        max_output_tokens=64_000,
        compat=OLD.compat,
        cost_basis="unknown",
        unverified=True,
    )


def test_a_new_model_with_everything() -> None:
    new = facts(
        Listed(
            id="big-3",
            name="Big 3",
            images=True,
            thinks=True,
            efforts=("low", "high", "max"),
            window=300_000,
            output=50_000,
            prices={"input": 1.0, "output": 2.0, "cache_read": 0.5},
            tiers={100_000: {"input": 2.0, "output": 4.0}},
            released="2026-12-01",
        )
    )
    assert (new.name, new.input, new.release_date) == ("Big 3", ("text", "image"), "2026-12-01")
    assert (new.context_window, new.max_output_tokens) == (300_000, 50_000)
    assert new.cost == Price(1.0, 2.0, 0.5, 0.0, (PriceTier(100_000, 2.0, 4.0, 0.5, 0.0),))
    assert new.cost_basis == ""
    assert new.levels == "low high max"


def test_a_release_of_a_known_model_costs_what_that_costs() -> None:
    new = facts(Listed(id="big-2-2026-11-01"))
    assert new.cost == OLD.cost
    assert new.unverified


def test_a_new_model_that_does_not_think() -> None:
    assert facts(Listed(id="big-3", thinks=False)).levels == ""


@pytest.mark.parametrize(
    ("efforts", "can_rest", "levels"),
    [
        ((), None, "off minimal low medium high"),
        ((), False, "minimal low medium high"),
        (("low", "high"), None, "low high"),
        (("low", "high"), True, "off low high"),
        (("none", "low"), None, "off=none low"),
        (("default", "strange"), None, "off minimal low medium high"),
    ],
)
def test_thinking_levels_of_a_new_model(
    efforts: tuple[str, ...], can_rest: bool | None, levels: str
) -> None:
    item = Listed(id="big-3", thinks=True, efforts=efforts, can_rest=can_rest)
    assert facts(item).levels == levels


def test_thinking_levels_by_rule() -> None:
    item = Listed(id="big-3", thinks=True, efforts=("low",))
    assert facts(item, ruled(levels={"*": "off high"})).levels == "off high"
    assert facts(item, ruled(levels={"*": "off high", "big-*": ""})).levels == "low"


@pytest.mark.parametrize(
    ("name", "prices", "basis"),
    [
        ("big-3", {"input": 0.0, "output": 0.0}, "unknown"),
        ("big-3:free", {"input": 0.0, "output": 0.0}, "free"),
        ("big-3-free", {}, "unknown"),
        ("big-3", {"input": 1.0, "output": 0.0}, ""),
    ],
)
def test_what_a_price_of_nothing_means(name: str, prices: dict[str, float], basis: str) -> None:
    assert facts(Listed(id=name, prices=prices)).cost_basis == basis


def test_a_new_model_of_a_plan() -> None:
    new = facts(
        Listed(id="big-3", prices={"input": 1.0, "output": 1.0}), row(cost_basis="subscription")
    )
    assert (new.cost, new.cost_basis) == (Price(), "subscription-unpriced")


def test_new_models_that_are_not_taken_up() -> None:
    assert wanted(Listed(id="big-3", status="deprecated"), ROW, KNOWN, WIRES) is None
    assert wanted(Listed(id="big-3"), ruled(add=False), KNOWN, WIRES) is None
    taught = teach([Listed(id="big-1")], ROW, KNOWN, WIRES, retired=["big-1"])
    assert taught.models == ()


TWO = msgspec.structs.replace(
    ROW,
    base_urls={
        "openai-completions": "https://lab.example/v1",
        "anthropic-messages": "https://lab.example",
    },
)
BOTH = {**KNOWN, "small-1": ModelFacts(id="small-1", api="anthropic-messages")}


@pytest.mark.parametrize(
    ("name", "rules", "said", "api"),
    [
        ("big-3", {}, "", ""),
        ("small-2", {}, "", "anthropic-messages"),
        ("small-2", {}, "openai-completions", "anthropic-messages"),
        ("small-2", {"package_apis": True}, "openai-completions", ""),
        ("big-3", {"package_apis": True}, "anthropic-messages", "anthropic-messages"),
        ("small-2", {"package_apis": True}, "", ""),
        ("big-3", {"apis": {"*": "anthropic-messages"}}, "", "anthropic-messages"),
        (
            "big-3",
            {"apis": {"*": "anthropic-messages", "big-*": "openai-completions"}},
            "",
            "",
        ),
    ],
)
def test_the_wire_of_a_new_model(name: str, rules: dict[str, object], said: str, api: str) -> None:
    provider = msgspec.structs.replace(TWO, upstream=Upstream(**rules))  # type: ignore[arg-type]
    learned = wanted(Listed(id=name, api=said), provider, BOTH, WIRES)
    assert learned is not None
    assert learned.facts.api == api
    assert learned.facts.base_url is None


def test_a_wire_that_the_provider_does_not_have() -> None:
    provider = msgspec.structs.replace(TWO, upstream=Upstream(package_apis=True))
    item = Listed(id="big-3", api="google-generative-ai")
    assert wanted(item, provider, BOTH, WIRES) is None


# -- whole lists -----------------------------------------------------------------------------------


def many(count: int) -> dict[str, ModelFacts]:
    return {f"big-{n}": ModelFacts(id=f"big-{n}") for n in range(count)}


@pytest.mark.parametrize(("there", "believed"), [(10, True), (8, True), (7, False), (0, False)])
def test_a_list_that_has_lost_a_fifth_teaches_nothing(there: int, believed: bool) -> None:
    known = many(10)
    listed = [Listed(id=name, window=250_000) for name in [*known][:there]]
    taught = teach(listed, ROW, known, WIRES, reference=known)
    assert bool(taught.models) is (believed and there > 0)
    assert (taught.refused == "") is believed
    assert len(taught.gone) == 10 - there


def test_what_is_expected_to_be_missing_is_no_loss() -> None:
    known = many(4)
    listed = [Listed(id="big-0"), Listed(id="big-1")]
    provider = ruled(
        gone=(Explained(match="big-2", reason="Retired."),),
        keep=(Explained(match="big-3", reason="By hand."),),
    )
    assert not teach(listed, provider, known, WIRES, reference=known, tolerated=0).refused
    assert teach(listed, ROW, known, WIRES, reference=known, tolerated=0).refused


def test_an_account_that_sees_little_is_no_loss() -> None:
    known = many(10)
    taught = teach([Listed(id="big-0")], ROW, known, WIRES, own=True, reference=known)
    assert not taught.refused
    assert taught.gone == ()


# -- the packaged rules ----------------------------------------------------------------------------


def relearned(provider: SourceRow, wires: Wires) -> list[str]:
    """Models whose wire would be another one if nobody had known them, of all that are packaged."""
    known = packaged.facts(provider.id)
    wrong: list[str] = []
    for name, fact in [*known.items()][:: 1 + len(known) // 60]:  # each costs a look at all others
        others = {key: value for key, value in known.items() if key != name}
        learned = wanted(Listed(id=name), provider, others, wires)
        if learned is not None:
            had, has = draft(provider, fact, wires), draft(provider, learned.facts, wires)
            if (had.api, had.base_url) != (has.api, has.base_url):
                wrong.append(name)
    return wrong


RULED = ["github-copilot", "openrouter", "vercel-ai-gateway", "fireworks", "amazon-bedrock"]


@pytest.mark.parametrize("provider", RULED)
def test_the_rules_find_the_wire_of_what_is_packaged(provider: str) -> None:
    rows = compile_rows(packaged.DATA)
    (found,) = [each for each in rows.providers if each.id == provider]
    assert relearned(found, rows.wires) == []


def test_every_rule_of_the_packaged_rows_makes_sense() -> None:
    for provider in compile_rows(packaged.DATA).providers:
        rules = provider.upstream
        for levels in rules.levels.values():
            parse_levels(levels)
        reasons = (*rules.drop, *rules.pinned, *rules.keep, *rules.gone, *rules.price)
        assert all(len(each.reason) > 10 for each in (*reasons, *provider.corrections))
        assert not provider.live_public or provider.live_list
        assert not rules.complete or provider.live_public
        assert left_out(provider) == []


def left_out(provider: SourceRow) -> list[str]:
    """Packaged models that a rule would leave out."""
    listed = [Listed(id=name) for name in packaged.facts(provider.id)]
    kept = {item.id for item in known_from(listed, provider)}
    return [item.id for item in listed if item.id not in kept]
