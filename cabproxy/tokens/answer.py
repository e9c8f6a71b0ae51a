"""An answer of a model, whatever its dialect, as the pieces that cost completion tokens."""

from __future__ import annotations

from msgspec import Struct

from cabproxy.ledger.record import Usage
from cabproxy.tokens.request import Call


class Said(Struct, frozen=True, kw_only=True):
    """One choice of an answer. `reasoning` is thought that the wire shows; hidden thought is only in the usage."""

    text: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: str = ""
    messages: int = 1  # message items of a Responses answer
    blockers: tuple[str, ...] = ()


class Answer(Struct, frozen=True, kw_only=True):
    """`created` is the answer's own time stamp in s, `reported` the provider's usage; `vectors`: no text."""

    said: tuple[Said, ...] = ()
    served: str = ""
    fingerprint: str = ""
    created: int | None = None
    reported: Usage
    finish: str | None = None
    error: str | None = None
    whole: bool = True
    vectors: bool = False

    @property
    def thought(self) -> int | None:
        """Reasoning tokens as reported, None where nothing or nonsense is: fewer than none tells nothing."""
        reported = self.reported.reasoning
        return reported if reported is None or reported >= 0 else None
