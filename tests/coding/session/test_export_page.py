"""The exported page: readable, complete, and unable to do anything but show."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.messages import (
    AssistantMessage,
    Cost,
    ImageContent,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.coding.session.entries import BashExecution, Compaction, CustomMessageEntry
from pi.coding.session.errors import SessionError
from pi.coding.session.export import export_html, export_jsonl
from pi.coding.session.export.markdown import render
from pi.coding.session.log import SessionLog

EVIL = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> \" onmouseover='x' & \x1b[31m"
)
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "nav", "article"),
    *("header", "div", "span", "p", "h1", "h3", "h4", "h5", "h6", "dl", "dt", "dd", "ul", "ol"),
    *("li", "a", "b", "strong", "em", "del", "code", "pre", "blockquote", "hr", "br", "table"),
    *("thead", "tbody", "tr", "th", "td", "details", "summary", "img", "input", "button"),
    "script",
}


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def check(self) -> None:
        """Only known tags and attributes, no handlers, no foreign addresses but links."""
        for tag, attributes in self.tags:
            assert tag in TAGS, tag
            for name, value in attributes.items():
                assert not name.startswith("on"), (tag, name)
                assert name not in ("style", "srcset", "action", "formaction"), (tag, name)
                if name == "src":
                    assert value.startswith("data:image/"), value
                if name == "href":
                    assert re.match(r"(https?://|mailto:|#e\d+$)", value, re.I), value


def answer(*content: object, **more: object) -> AssistantMessage:
    usage = Usage(10, 5, 0, 0, 15, Cost(total=0.25))
    return AssistantMessage(tuple(content), "api", "acme", "m1", usage, "stop", 0, **more)


@pytest.fixture
def log(tmp_path: Path) -> SessionLog:
    """A session with two branches and everything in it."""
    log = SessionLog.memory(tmp_path / "project")
    first = log.append_message(UserMessage(f"First {EVIL}"))
    call = ToolCall("c1", "bash", {"command": f"ls {EVIL}", "note": EVIL + "\nmore"})
    log.append_message(answer(ThinkingContent(EVIL), TextContent(f"**Hello** {EVIL}"), call))
    diff = {"diff": f"-old {EVIL}\n+new {EVIL}"}
    log.append_message(ToolResultMessage("c1", "bash", (TextContent(EVIL),), details=diff))
    log.append_message(BashExecution(EVIL, EVIL, 1))
    log.append(CustomMessageEntry(EVIL, EVIL))
    images = (ImageContent("aGk=", "image/png"), ImageContent('x" onload="', "image/png"))
    log.append_message(UserMessage((TextContent("Pictures"), *images)))
    log.append_message(answer(TextContent("x"), ToolCall("c2", EVIL, {EVIL: [EVIL]})))
    log.append(Compaction(EVIL, first.id, 12_345))
    log.append_label(first.id, EVIL)
    log.append_model_change(EVIL, EVIL)
    log.move(first.id)
    log.append_message(answer(TextContent("The other branch")))
    log.append_name(EVIL)
    return log


def test_nothing_of_a_session_gets_out_of_its_place(log: SessionLog, tmp_path: Path) -> None:
    html = export_html(log, tmp_path / "page.html").read_text()
    page = Page(html)
    page.check()
    assert html.count("<script") == 3
    assert "\x1b" not in html
    text = "".join(page.text)
    assert text.count("alert(1)") > 10
    assert "The other branch" in text
    pictures = [a["src"] for tag, a in page.tags if tag == "img"]
    assert pictures == ["data:image/png;base64,aGk="]


def test_its_own_policy_knows_only_its_own_script(log: SessionLog, tmp_path: Path) -> None:
    html = export_html(log, tmp_path / "page.html").read_text()
    policy = next(a["content"] for t, a in Page(html).tags if "http-equiv" in a)
    script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)[-1]
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)[0]
    for text in (script, style):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_active_branch_is_shown_and_the_tree_has_all(log: SessionLog, tmp_path: Path) -> None:
    html = export_html(log, tmp_path / "page.html").read_text()
    articles = re.findall(r'<article class="([^"]*)" id="e(\d+)"', html)
    shown = {int(number) for kind, number in articles if "off" not in kind.split()}
    active = {node.index for node in log.branch}
    assert shown <= active
    assert len(shown) == 2
    rows = re.findall(r'<li class="([^"]*)"><a href="#e(\d+)"', html)
    assert rows
    assert {number for _, number in rows} == {number for _, number in articles}
    assert sum("fork" in kind.split() for kind, _ in rows) == 2
    parents = json.loads(re.search(r'id="parents">(.*?)<', html)[1])
    assert parents == [node.parent for node in log.tree.nodes]


def test_costs_are_told_by_model(log: SessionLog, tmp_path: Path) -> None:
    html = export_html(log, tmp_path / "page.html").read_text()
    assert "Cost: $0.7500" in html
    assert "acme/m1" in html


def test_an_export_appears_whole_or_not_at_all(log: SessionLog, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(SessionError, match="taken"):
        export_html(log, tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    target = tmp_path / "new" / "page.html"
    assert export_html(log, target) == target
    assert export_html(log, target) == target  # the same again replaces it


def test_the_active_branch_as_a_file_loads_and_says_the_same(
    log: SessionLog, tmp_path: Path
) -> None:
    path = export_jsonl(log, tmp_path / "branch.jsonl")
    copy = SessionLog.open(path)
    assert copy.state.messages == log.state.messages
    assert copy.header.id == log.header.id
    parents = [node.parent for node in copy.tree.nodes]
    assert parents == list(range(-1, len(parents) - 1)), "one line of descent"
    assert not copy.notes


def test_nothing_was_said(tmp_path: Path) -> None:
    log = SessionLog.memory(tmp_path)
    with pytest.raises(SessionError, match="nothing"):
        export_jsonl(log, tmp_path / "x.jsonl")
    Page(export_html(log, tmp_path / "x.html").read_text()).check()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "a **b** _c_ `d` ~~e~~",
            "<p>a <strong>b</strong> <em>c</em> <code>d</code> <del>e</del></p>",
        ),
        ("snake_case_name 2*3*4", "<p>snake_case_name 2<em>3</em>4</p>"),
        ("# One #", "<h3>One</h3>"),
        ("```py\n<x>\n```", '<pre><span class="lang">py</span><code>&lt;x&gt;</code></pre>'),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("- a\n  - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("> a\n> b", "<blockquote><p>a<br>\nb</p></blockquote>"),
        (
            "- [x] a\n- [ ] b\n- [z] c",
            '<ul><li class="task">☑ a</li><li class="task">☐ b</li><li>[z] c</li></ul>',
        ),
        (
            "|a|b|c|\n|-|:-:|-:|\n|1|2|3|4|",
            '<table><thead><tr><th>a</th><th class="middle">b</th><th class="right">c</th></tr>'
            '</thead><tbody><tr><td>1</td><td class="middle">2</td><td class="right">3</td>'
            "<td>4</td></tr></tbody></table>",
        ),
        ("---", "<hr>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        (
            "|a|b|\n|-|-|\n|1|2|",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td>"
            "</tr></tbody></table>",
        ),
        (
            "[x](javascript:alert(1))",
            '<p><span class="dead" title="javascript:alert(1)">x</span></p>',
        ),
        (
            "[x](  JaVaScRiPt:alert(1))",
            '<p><span class="dead" title="JaVaScRiPt:alert(1)">x</span></p>',
        ),
        ("[x](data:text/html,y)", '<p><span class="dead" title="data:text/html,y">x</span></p>'),
        ("[x](/etc/passwd)", '<p><span class="dead" title="/etc/passwd">x</span></p>'),
        (
            "[x](https://a.b/?q=\"'&)",
            '<p><a href="https://a.b/?q=&quot;&#x27;&amp;" target="_blank"'
            ' rel="noopener noreferrer nofollow">x</a></p>',
        ),
        ("<b>&amp;</b>", "<p>&lt;b&gt;&amp;amp;&lt;/b&gt;</p>"),
        ("\\*a\\*", "<p>*a*</p>"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert render(text) == html


PIECES = st.sampled_from(
    [
        *("*", "**", "_", "`", "```", "\n", "\n\n", "[", "](", ")", "!", "<", ">", "&", '"', "'"),
        *("- ", "1. ", "# ", "> ", "  ", "javascript:", "https://a.b", "x", "é", "\\", "<script>"),
        *("onclick=", "data:", "|-|", "~~", "~", "|", "-"),
    ]
)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_no_text_becomes_more_than_text(text: str) -> None:
    page = Page(render(text))
    page.check()
    assert not {tag for tag, _ in page.tags} & {"script", "img", "input", "style"}


@pytest.mark.parametrize("text", ["*a ", "[a](", "`", "> ", "![["])
def test_four_times_an_odd_text_is_no_more_than_four_times_the_work(text: str) -> None:
    def work(count: int) -> float:
        times = []
        for _ in range(3):
            start = process_time()
            render(text * count + "a")
            times.append(process_time() - start)
        return min(times)

    assert work(8_000) < 10 * work(2_000) + 0.05, "sixteen times would be the square"
