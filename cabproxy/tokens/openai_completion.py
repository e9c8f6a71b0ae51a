"""The completion tokens of an OpenAI model's answer: what it said, and marks it writes that the wire does not show.

Fitted on recorded pairs (docs/tokens.md). Hidden thought is taken from the usage: nothing else tells of it.
"""

from __future__ import annotations

import json

from cabproxy.tokens.answer import Answer, Said
from cabproxy.tokens.counts import Count
from cabproxy.tokens.families import Family, direct
from cabproxy.tokens.openai_history import parsed
from cabproxy.tokens.request import PRO, Request
from cabproxy.tokens.tally import Tally
from cabproxy.tokens.texts import count

STOP_COUNTED = (1_742_256_000, 1_747_267_200)
"""2025-03-18 to 2025-05-15: the mark that ends an answer was counted by OpenAI's own servers; Azure always does."""
UNSURE = (1_741_564_800, 1_747_785_600)
"""2025-03-10 to 2025-05-21: recordings of both kinds."""


def count_completion(request: Request, answer: Answer, family: Family, *, host: str = "") -> Count:
    """Tokens of all choices of an answer."""
    tally = Tally(family.encoding)
    for said in answer.said:
        for reason in said.blockers:
            tally.block(reason)
        if family.style in ("gpt-5", "o"):
            _reasoner(tally, request, answer, said, family, host)
        else:
            _plain(tally, request, answer, said, family, host)
    if family.style in ("gpt-5", "o"):
        _thought(tally, answer, family, request)
    if not direct(host):
        tally.doubt(f"an answer through {host}", minus=8, plus=8 + tally.total // 20, soft=True)
    return tally.count()


def _ends_counted(answer: Answer, request: Request, host: str) -> bool:
    """Whether the answer's last mark is counted: always on Azure, at GitHub and for Responses."""
    return request.dialect == "responses" or "azure" in host or "githubcopilot" in host


def _plain(tally: Tally, request: Request, answer: Answer, said: Said, family: Family, host: str) -> None:
    cut = answer.finish in ("length", "incomplete")
    text = count(said.text + said.refusal, family.encoding)
    ended = _ends_counted(answer, request, host)
    if said.calls:
        tally.add("call", _calls(request, said, family) + (text + 1 if said.text else 0))
        tally.add("frame", int(ended))
        _call_doubts(tally, request, said)
        if said.text:
            tally.doubt("text beside a call", minus=2, plus=3)
    else:
        marks = int(bool(request.tools)) + int(ended) + int(bool(said.refusal))
        if request.tools and request.format and request.format.kind == "json_schema":
            marks += 2 + count(request.format.name, family.encoding)
            tally.doubt("a format beside tools", plus=4 + 2 * count(request.format.name, family.encoding))
        tally.add("assistant", text)
        tally.add("frame", max(0, marks - 1) if cut else marks)
    _era(tally, request, answer, cut, host)
    if request.dialect == "responses" and answer.served.startswith("gpt-4.1-2025"):
        tally.doubt("an end of gpt-4.1's answer that is sometimes counted twice", plus=1)
    if request.dialect == "responses" and family.style == "gpt-4":
        tally.add("frame", 1)
    if family.style == "gpt-4" and said.calls:
        tally.doubt("a call of a model of the gpt-4 and gpt-3.5 kind", minus=10, plus=12)


def _call_doubts(tally: Tally, request: Request, said: Said) -> None:
    if _forced(request) and request.dialect == "chat":
        tally.doubt("a forced call", plus=1)
    elif request.dialect == "responses" and not _forced(request) and len(said.calls) == 1:
        tally.doubt("one call that may have been written as a list of one", plus=16)


def _forced(request: Request) -> bool:
    return ":" in request.choice or (
        request.dialect == "responses" and request.choice == "required" and len(request.tools) == 1
    )


def _calls(request: Request, said: Said, family: Family) -> int:
    encoding = family.encoding
    if len(said.calls) > 1:
        uses = [{"recipient_name": f"functions.{one.name}", "parameters": parsed(one.arguments)} for one in said.calls]
        return 10 + count(json.dumps({"tool_uses": uses}, ensure_ascii=False, separators=(",", ":")), encoding)
    call = said.calls[0]
    if _forced(request):
        return count(call.arguments, encoding)
    return 4 + count(f" to=functions.{call.name}", encoding) + count(call.arguments, encoding)


def _era(tally: Tally, request: Request, answer: Answer, cut: bool, host: str) -> None:
    created = answer.created
    if created is None or cut or request.dialect == "responses" or "azure" in host:
        if created is not None and UNSURE[0] < created < UNSURE[1] and not cut:
            tally.doubt("recorded while the counting of an answer's end changed", minus=1, plus=1)
        return
    if STOP_COUNTED[0] < created < STOP_COUNTED[1]:
        tally.add("frame", 1)
    if UNSURE[0] < created < UNSURE[1]:
        tally.doubt("recorded while the counting of an answer's end changed", minus=1, plus=1)


def _reasoner(tally: Tally, request: Request, answer: Answer, said: Said, family: Family, host: str) -> None:
    encoding = family.encoding
    text = count(said.text + said.refusal, encoding)
    if not text and not said.calls:
        return
    tally.add("assistant", text)
    for call in said.calls:
        tally.add("call", count(f" to=functions.{call.name}", encoding) + count(call.arguments, encoding))
    newer = family.name == "gpt-5.x"
    if request.dialect == "responses":
        tally.add("frame", 4 + 4 * len(said.calls) if newer else 6 + 4 * len(said.calls))
    else:
        tally.add("frame", (7 if newer else 13) if said.calls else (3 if newer else 9))
        tally.add("frame", int("azure" in host))
    if request.format and request.format.kind == "json_schema" and text:
        tally.add("frame", 2 + count(request.format.name, encoding))
    if len(said.calls) > 1 or (said.calls and text):
        tally.doubt("several pieces in one answer of a reasoning model", minus=8, plus=16 * (1 + len(said.calls)))


def _thought(tally: Tally, answer: Answer, family: Family, request: Request) -> None:
    """Reported thought is added. It looks floored to whole blocks of 64, so up to 70 tokens more are of thought too."""
    thought = answer.thought
    if PRO in request.blockers:
        tally.block(PRO)
        return
    if thought is None:
        tally.block("hidden thought of a reasoning model, and no usage that tells of it")
        return
    tally.add("reasoning", thought)
    if family.style == "o":
        tally.doubt("marks of an o-series model", minus=12, plus=90)
    elif request.dialect == "responses":
        tally.doubt(
            "marks of a reasoning model's answer", minus=8, plus=72 if thought or family.name != "gpt-5.x" else 6
        )
    elif request.tools:
        tally.doubt("marks of a reasoning model's answer", minus=7, plus=3)
    else:
        tally.doubt("marks of a reasoning model's answer", plus=8, minus=1)
