from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabproxy.ledger import Ledger
from cabproxy.proxy.inject import Stripper, inject, is_rejection

USAGE = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\n\n'
DONE = b"data: [DONE]\n\n"


def chunk(text: str, *, null: bool = False) -> bytes:
    body = {"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    rest = b',"usage":null,"obfuscation":"xyz"}' if null else b',"obfuscation":"xyz"}'
    return b"data: " + json.dumps(body, separators=(",", ":")).encode()[:-1] + rest + b"\n\n"


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b'{"stream":true}', b'{"stream":true,"stream_options":{"include_usage":true}}'),
        (b'{ "stream" : true ,"t":1.0}\n', b'{ "stream" : true ,"t":1.0,"stream_options":{"include_usage":true}}\n'),
        (b'{"stream_options": null,"stream":true}', b'{"stream_options": {"include_usage":true},"stream":true}'),
        (
            b'{"a":"\xc3\xa4}","stream":true,"stream_options":{"include_obfuscation":false}}',
            b'{"a":"\xc3\xa4}","stream":true,"stream_options":{"include_obfuscation":false,"include_usage":true}}',
        ),
        (
            b'{"stream":true,"stream_options":{"include_usage":false}}',
            b'{"stream":true,"stream_options":{"include_usage":true}}',
        ),
    ],
)
def test_usage_is_asked_for_and_every_other_byte_kept(body: bytes, changed: bytes) -> None:
    assert inject(body) == changed


@pytest.mark.parametrize("before", [b"", b'"a":{"stream":false},'])
def test_the_field_that_counts_is_found_among_others_like_it(before: bytes) -> None:
    start = b"{" + before + b'"stream":true,"pad":"' + b"x" * 300 + b'","b":[{"stream":false}],"c":"stream"'
    assert inject(start + b"}") == start + b',"stream_options":{"include_usage":true}}'
    assert inject((start + b"}").replace(b"true", b"null")) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"stream":false}',
        b'{"messages":[{"content":"\\"stream\\":true"}]}',
        b'{"x":{"stream":true}}',
        b'{"stream":true,"stream_options":{"include_usage":true}}',
        b'{"stream":true,"stream_options":"odd"}',
        b'[{"stream":true}]',
        b'{"stream":true',
        b"",
    ],
)
def test_what_does_not_stream_or_asks_itself_is_left_alone(body: bytes) -> None:
    assert inject(body) is None


def stripped(pieces: list[bytes]) -> tuple[bytes, Stripper]:
    stripper = Stripper()
    return b"".join(stripper.feed(piece).data for piece in pieces) + stripper.close(), stripper


@given(st.lists(st.integers(0, 2000), max_size=12))
def test_what_is_left_is_the_stream_without_usage_at_any_split(places: list[int]) -> None:
    asked = chunk("a", null=True) + b": ping\n\n" + chunk('"usage":null,', null=True) + USAGE + DONE
    plain = chunk("a") + b": ping\n\n" + chunk('"usage":null,') + DONE
    ends = sorted({place % len(asked) for place in places})
    pieces = [asked[start:end] for start, end in zip([0, *ends], [*ends, len(asked)], strict=True)]
    out, stripper = stripped(pieces)
    assert out == plain
    assert stripper.rewrites == ("strip:usage_chunk", "strip:usage_null")


def test_usage_that_comes_with_content_stays() -> None:
    last = b'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}\n\n'
    out, stripper = stripped([chunk("a"), last, DONE])
    assert out == chunk("a") + last + DONE
    assert stripper.rewrites == ()


def test_line_ends_of_the_endpoint_are_kept() -> None:
    body = (chunk("a") + USAGE + DONE).replace(b"\n", b"\r\n")
    assert stripped([body[:50], body[50:]])[0] == (chunk("a") + DONE).replace(b"\n", b"\r\n")


def test_whole_events_without_usage_pass_untouched() -> None:
    piece = Stripper().feed(chunk("a"))
    assert piece.untouched
    assert piece.data == chunk("a")


def test_an_event_without_end_is_let_go_in_time() -> None:
    stripper = Stripper()
    out = b"".join(stripper.feed(b"x" * 100_000).data for _ in range(12))
    assert len(out) > 1_000_000


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (400, b"Unrecognized request argument supplied: stream_options", True),
        (422, b'{"detail":[{"type":"extra_forbidden","msg":"Extra inputs are not permitted"}]}', True),
        (400, b'{"error":{"message":"maximum context length exceeded"}}', False),
        (500, b"stream_options", False),
    ],
)
def test_an_error_that_means_the_injection(status: int, body: bytes, meant: bool) -> None:
    assert is_rejection(status, body) == meant


# -- through the proxy


class Model:
    """Streams with usage only when asked to, as OpenAI's does; or refuses to be asked."""

    def __init__(self, wire: Any, *, null: bool = False, refuses: bool = False) -> None:
        self.wire, self.null, self.refuses = wire, null, refuses

    async def __call__(self, got: Any, writer: Any) -> None:
        asked = bool(json.loads(got.body).get("stream_options"))
        if asked and self.refuses:
            error = b'{"error":{"message":"Unknown parameter: stream_options"}}'
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(error), error))
            return
        null = self.null and asked
        parts = [chunk("a", null=null), chunk("b", null=null), *([USAGE] if asked else []), DONE]
        await self.wire.answer_with(*self.wire.chunked(*parts), gap_s=0.001)(got, writer)


@pytest.mark.parametrize("null", [False, True])
async def test_the_clients_bytes_are_those_of_a_run_without_the_proxy(bench: Any, wire: Any, null: bool) -> None:
    bench.endpoint.script = Model(wire, null=null)
    proxy = await bench.proxy()
    sent = wire.request(b'{"model":"m","stream":true}')
    direct = await bench.ask(bench.endpoint.port, sent)
    assert (await bench.ask(proxy.port, sent))[2] == direct[2]
    (call,) = await bench.calls()
    assert (call.usage.source, call.usage.total) == ("provider", 4)
    assert call.rewrites[0] == "inject:stream_options.include_usage"
    assert "strip:usage_chunk" in call.rewrites
    with Ledger(bench.ledger) as ledger:
        assert ledger.request_body(call) == b'{"model":"m","stream":true}'
        assert USAGE in ledger.response_body(call)


async def test_a_client_that_asks_gets_its_usage(bench: Any, wire: Any) -> None:
    bench.endpoint.script = Model(wire)
    proxy = await bench.proxy()
    sent = wire.request(b'{"stream":true,"stream_options":{"include_usage":true}}')
    assert USAGE in (await bench.ask(proxy.port, sent))[1]
    assert (await bench.calls())[0].rewrites == ()


async def test_injection_can_be_switched_off(bench: Any, wire: Any) -> None:
    bench.endpoint.script = Model(wire)
    await bench.ask((await bench.proxy(inject_usage=False)).port, wire.request(b'{"stream":true}'))
    assert bench.endpoint.received[0].body == b'{"stream":true}'
    (call,) = await bench.calls()
    assert (call.usage.source, call.usage.prompt, call.rewrites) == ("missing", None, ())


async def test_an_endpoint_that_refuses_is_remembered_and_asked_without(bench: Any, wire: Any) -> None:
    bench.endpoint.script = Model(wire, refuses=True)
    proxy = await bench.proxy()
    sent = wire.request(b'{"stream":true}')
    direct = await bench.ask(bench.endpoint.port, sent)
    for _ in range(2):
        assert (await bench.ask(proxy.port, sent))[2] == direct[2]
    assert [b"stream_options" in got.body for got in bench.endpoint.received] == [False, True, False, False]
    first, second = await bench.calls()
    assert first.rewrites == ("inject:stream_options.include_usage", "inject:rejected")
    assert second.rewrites == ()
    assert (first.state, first.status, first.response_bytes) == ("ok", 200, len(direct[1]))


async def test_another_error_of_an_injected_request_is_the_endpoints(bench: Any, wire: Any) -> None:
    bench.endpoint.script = wire.answer_with(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 8\r\n\r\ntoo long")
    assert (await bench.ask((await bench.proxy()).port, wire.request(b'{"stream":true}')))[1] == b"too long"
    (call,) = await bench.calls()
    assert (call.state, call.status, call.response_bytes, len(bench.endpoint.received)) == ("http_error", 400, 8, 1)


async def test_a_stream_with_a_length_gets_the_shorter_one(bench: Any, wire: Any) -> None:
    body = chunk("a") + USAGE + DONE
    head = b"HTTP/1.1 200 OK\r\nX-N: %d\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"
    bench.endpoint.script = wire.answer_with(head % (len(body), len(body)), body[:40], body[40:])
    _, got, raw = await bench.ask((await bench.proxy()).port, wire.request(b'{"stream":true}'))
    left = chunk("a") + DONE
    assert got == left
    assert raw.startswith(head % (len(body), len(left)))


async def test_compression_is_not_asked_for_where_usage_is(bench: Any, wire: Any) -> None:
    bench.endpoint.script = Model(wire)
    await bench.ask(
        (await bench.proxy()).port, wire.request(b'{"stream":true}', headers=b"Accept-Encoding: gzip, br\r\n")
    )
    assert b"Accept-Encoding: identity" in bench.endpoint.received[0].headers
    assert "accept-encoding:identity" in (await bench.calls())[0].rewrites
