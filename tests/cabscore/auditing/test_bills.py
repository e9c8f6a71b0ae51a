"""Bills in the forms providers export, and in any other whose columns are named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cabproxy.errors import UserError
from cabscore.auditing.billing import bill_findings
from cabscore.auditing.bills import read_bill
from cabscore.auditing.record import AuditedCall, Figure


def write(path: Path, *lines: str) -> Path:
    file = path / "bill.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return file


def called(model: str, prompt: int, completion: int, usd: str | None = None) -> AuditedCall:
    return AuditedCall(
        call_id="c" * 32,
        seq=1,
        state="ok",
        role="task",
        model=model,
        prompt=Figure(reported=prompt, best=prompt, source="provider"),
        completion=Figure(reported=completion, best=completion, source="provider"),
        usd=usd,
    )


def test_openais_usage_export_is_summed_by_model(tmp_path: Path) -> None:
    bill = read_bill(
        write(
            tmp_path,
            "start_time,end_time,start_time_iso,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens",
            "1780000000,1780086400,2026-05-28T20:26:40Z,2,gpt-4o-2024-08-06,100,10,64",
            "1780086400,1780172800,2026-05-29T20:26:40Z,1,gpt-4o-2024-08-06,50,5,0",
            "1780086400,1780172800,2026-05-29T20:26:40Z,1,gpt-4o-mini-2024-07-18,7,1,0",
        )
    )
    assert bill.form == "openai"
    large, small = bill.lines
    assert (large.prompt, large.completion, large.cached, large.requests) == (150, 15, 64, 3)
    assert [day.isoformat() for day in large.days] == ["2026-05-28", "2026-05-29"]
    assert (small.model, small.prompt) == ("gpt-4o-mini-2024-07-18", 7)


def test_anthropics_usage_export_counts_cached_tokens_in(tmp_path: Path) -> None:
    bill = read_bill(
        write(
            tmp_path,
            "usage_date_utc,model_version,api_key,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
            "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count",
            "2026-05-28,claude-sonnet-4-5-20250929,key,100,20,3,4000,55,0",
        )
    )
    (line,) = bill.lines
    assert (bill.form, line.prompt, line.cached, line.completion) == ("anthropic", 4123, 4000, 55)


def test_any_table_whose_columns_are_named(tmp_path: Path) -> None:
    file = write(tmp_path, "Modell,Eingabe,Ausgabe,Betrag", '"m-1","1,234",56,$0.25')
    with pytest.raises(UserError, match="no columns for the model"):
        read_bill(file)
    (line,) = read_bill(file, {"model": "Modell", "input": "Eingabe", "output": "Ausgabe", "cost": "Betrag"}).lines
    assert (line.prompt, line.completion, line.usd) == (1234, 56, Decimal("0.25"))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("model,input_tokens", "m,many"), "line 2: 'many' is no number of tokens"),
        (("model,input_tokens", "m,1.5"), "'1.5' tokens cannot be"),
        (("model,input_tokens", "m,-3"), "'-3' tokens cannot be"),
        (("model,input_tokens,cost", "m,1,free"), "'free' is no amount"),
        (("model,input_tokens",), "no line of it names a model"),
        (("",), "no columns for the model"),
    ],
)
def test_a_wrong_bill_is_named(tmp_path: Path, lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(UserError, match=says):
        read_bill(write(tmp_path, *lines))


def test_a_column_that_is_not_there_and_a_file_that_is_not(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column 'Kosten'"):
        read_bill(write(tmp_path, "model,input_tokens", "m,1"), {"cost": "Kosten"})
    with pytest.raises(UserError, match="cannot be read"):
        read_bill(tmp_path / "none.csv")


def test_names_are_matched_by_vendor_prefix_and_date(tmp_path: Path) -> None:
    bill = read_bill(write(tmp_path, "model,input_tokens,output_tokens", "gpt-4o,100,10"))
    assert list(bill_findings(bill, [called("openai/gpt-4o-2024-08-06", 100, 10)], 0.01)) == []
    (other,) = [one for one in bill_findings(bill, [called("gpt-4o-mini-2024-07-18", 100, 10)], 0.01) if one.calls]
    assert other.kind == "bill_lacks_model"


def test_the_same_tokens_at_another_price(tmp_path: Path) -> None:
    bill = read_bill(write(tmp_path, "model,input_tokens,output_tokens,cost_usd", "m,100,10,2.00"))
    (finding,) = bill_findings(bill, [called("m", 100, 10, usd="1.00")], 0.01)
    assert (finding.kind, finding.tokens, finding.usd) == ("bill_differs", 0, "1.00")
