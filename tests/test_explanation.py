"""Why two articles are, or are not, a match: decisions, bounds, changes, passages."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.api import arrange
from dedup.articles.normalize import UNSPACED, words
from dedup.candidates.shingle import read_words, word_hashes
from dedup.candidates.telling import Alike
from dedup.duplicates.relation import RELATIONS, Rule, Verify
from dedup.duplicates.similarity import compare
from dedup.errors import InputError
from dedup.explanation import Explanation, excerpts, explain, shared_places, word_spans
from dedup.flow import Flow, Inline, Unwatched

QUAY = (
    "The harbour board voted on Tuesday to reopen the eastern quay after 11 days of repairs. "
    "Engineers replaced 40 metres of decking and two of the cranes, the chairman, Odd Halvorsen, said. "
    "The first ferry is due at noon on Wednesday with about 200 passengers, and the fish market returns on 9 March. "
    "Traders had lost half of their trade while the quay was closed, by the count of their own association, and had asked "
    "the board for a year without rent; it has offered three months."
)
OWN = (
    "Storms have cost the coast more this winter than in any since 1987, and ports from Aldmere to the Skerrow Islands "
    "are counting what it takes to mend them. The ministry speaks of 90 million, insurers of twice that. In Skerrow the "
    "lifeboat shed is gone; in Aldmere the breakwater leans. Councils want the state to pay, the state wants to see bills, "
    "and meanwhile the fishing fleet lies wherever there is a wall left to tie up to."
)
ENDINGS = (
    "m",
    "nt",
    "rk",
    "sp",
    "ck",
    "lf",
    "th",
    "nd",
    "st",
    "ng",
    "mp",
    "rt",
    "sh",
    "ll",
    "rn",
    "ft",
    "x",
    "rd",
    "lt",
    "ps",
)
CALL = "The presidents of Atland and Beland spoke by telephone for 50 minutes on Tuesday about the Cestria ceasefire."
REPORT = (
    "Aides of both leaders said on Tuesday that Atland and Beland had dealt with Cestria. The talk of 50 minutes was "
    "their first this year, and oil fell."
)


def article(name: str, text: str, **fields: str) -> dict[str, Any]:
    return {"doc_id": name, "text": text, "source": f"{name}.example", "published": "2026-03-03"} | fields


def steps(found: Explanation) -> dict[str, bool]:
    return {step.name: step.holds for step in found.steps}


def changes(found: Explanation) -> dict[str, str]:
    return {change.what: change.relation for change in found.changes}


def test_a_copy_is_explained_by_what_is_covered() -> None:
    found = explain(article("a", QUAY), article("b", QUAY.replace("a year without rent", "two years without rent")))
    assert (found.relation, found.decided_by) == ("near", "copy")
    assert steps(found) | {"same words": False, "copy": True} == steps(found)
    assert found.n_words == (87, 87)
    assert found.keys["minhash"] > 0
    assert found.evidence.score > 0.9


def test_the_words_of_another_article_are_explained_as_reuse() -> None:
    found = explain(article("a", f"{OWN}\n{QUAY}"), article("b", f"{QUAY}\n{OWN[::-1]}"))
    assert (found.relation, found.decided_by) == ("partial", "reuse")
    assert steps(found)["copy"] is False
    assert steps(found)["reuse"] is True


def test_two_reports_of_one_call_are_explained_by_evidence() -> None:
    found = explain(article("a", CALL, title="Presidents talk"), article("b", REPORT, title="Leaders talk"))
    assert (found.relation, found.decided_by) == ("overlap", "evidence")
    assert found.similarity.n_shared == 0
    assert found.excerpts == ()
    assert found.moves[-1].to == pytest.approx(found.evidence.score, abs=1e-5)
    assert "50 minutes" in found.quantities.agreeing
    assert found.dates.agreeing == ("2026-03-03",)
    assert {"Atland", "Cestria"} & set(found.terms)
    # So sure that no single change would part them.
    assert changes(found) == {}
    vague = REPORT.replace(" of 50 minutes", "")
    assert changes(explain(article("a", CALL), article("b", vague)))["had they come a week apart"] == ""


def test_what_has_nothing_in_common_is_never_compared_and_says_so() -> None:
    found = explain(article("a", QUAY), article("b", "A rye loaf won the national bread prize for the second time."))
    assert (found.relation, found.keys, found.is_candidate) == ("", {}, False)
    assert found.reason


def test_what_meets_by_telling_terms_alone_is_compared_if_it_tells_the_same() -> None:
    left, right = article("a", CALL), article("b", REPORT)
    found = explain(left, right)
    assert set(found.keys) == {"salient"}
    assert found.is_candidate
    other = explain(left, right, Flow(alike=Alike(least=1.0)))
    assert set(other.keys) == {"salient"}
    assert not other.is_candidate


def test_standing_text_of_one_outlet_would_be_reuse_elsewhere() -> None:
    left = article("a", f"{OWN}\n{QUAY}", source="one.example", published="2026-03-01")
    right = article("b", f"{OWN[::-1]}\n{QUAY}", source="one.example", published="2026-03-09")
    found = explain(left, right)
    assert (found.relation, found.decided_by) == ("", "standing text")
    assert steps(found)["standing text"] is False
    assert changes(found)["were they of different outlets"] == "partial"


def test_a_line_under_another_headline_has_the_same_words_and_is_another_item() -> None:
    line = "Quarterly dividend five cents, as before"
    left = article("a", line, source="one.example", title="Brack Corp sets payout")
    found = explain(left, left | {"doc_id": "b", "title": "Sandry Corp sets payout"})
    assert (found.relation, found.decided_by, found.reason[:21]) == ("", "standing text", "a line of one outlet,")
    assert (steps(found)["same words"], steps(found)["standing text"]) == (True, False)
    assert changes(found)["were they of different outlets"] == "exact"


def test_stock_words_are_told_from_reuse() -> None:
    ours, theirs = (
        " ".join(f"{start}{end}{tail}" for end in "abcdefghij" for tail in ENDINGS) for start in ("wo", "si")
    )
    found = explain(
        article("a", f"{ours} {OWN} {ours[::-1]}"),
        article("b", f"{theirs} {OWN} {theirs[::-1]}", published="2026-03-10"),
    )
    assert (found.relation, found.decided_by, steps(found)["reuse"]) == ("", "stock", True)
    assert steps(found)["stock"] is False
    assert "partial" in changes(found).values()


def test_a_bound_that_would_change_the_decision_does_change_it() -> None:
    left, right = article("a", QUAY), article("b", QUAY.rpartition(" Traders")[0])
    found = explain(left, right)
    (what,) = [change.what for change in found.changes if "near_cover" in change.what]
    bound = float(what.rpartition(" ")[2])
    assert bound > Rule().near_cover
    assert explain(left, right, Flow(verify=Verify(rule=Rule(near_cover=bound)))).relation != "near"
    assert explain(left, right, Flow(verify=Verify(rule=Rule(near_cover=bound - 0.01)))).relation == "near"


def test_the_decision_is_that_of_matching() -> None:
    rows = [article("a", QUAY), article("b", f"{OWN}\n{QUAY}"), article("c", CALL), article("d", REPORT)]
    given_rows = [row | {"id": row["doc_id"]} for row in rows]
    listed = Flow().match(Inline(), arrange(given_rows), Unwatched(), RELATIONS).matches.to_pylist()
    relation = {(row["left_id"], row["right_id"]): (row["relation"], row["reason"]) for row in listed}
    assert len(relation) >= 2
    for place, left in enumerate(rows):
        for right in rows[place + 1 :]:
            found = explain(left, right)
            pair = (left["doc_id"], right["doc_id"])
            assert (found.relation, found.reason if found.relation else "") == relation.get(pair, ("", ""))


def test_sides_are_ordered_as_in_the_report() -> None:
    one, other = article("a", QUAY), article("b", QUAY.upper())
    assert explain(other, one) == explain(one, other)
    assert (explain(other, one).left_id, explain(other, one).right_id) == ("a", "b")


def test_one_article_is_no_pair() -> None:
    with pytest.raises(InputError, match="'a' is one article"):
        explain(article("a", QUAY), article("a", QUAY))


def test_quantities_that_both_count_and_days_that_only_one_names_stand_apart() -> None:
    left = article("a", QUAY)
    right = article("b", QUAY.replace("40 metres", "60 metres").replace("9 March", "12 March"))
    found = explain(left, right)
    assert (found.quantities.left, found.quantities.right) == (("40 metres",), ("60 metres",))
    assert "2026-03-09" in found.dates.left
    assert "2026-03-12" in found.dates.right


def passages(left: str, right: str) -> Any:
    one, other = read_words(left).hashes, read_words(right).hashes
    return excerpts(left, right, compare(one, other))


def test_a_passage_stands_in_its_context_as_each_side_writes_it() -> None:
    shared = "the “eastern quay” was closed\nfor 11 days"
    (one,) = passages(f"Last week {shared}, they say.", f"As we know, {shared.upper()}!")
    assert (one.words, one.left_word, one.right_word) == (8, 3, 4)
    assert one.left == ("Last week", "the “eastern quay” was closed for 11 days,", "they say.")
    assert one.right == ("As we know,", "THE “EASTERN QUAY” WAS CLOSED FOR 11 DAYS!", "")


def test_a_passage_within_a_longer_one_is_not_shown_again() -> None:
    line = "one two three four five six seven"
    shown = passages(f"{line} eight", f"{line} eight and then {line} again")
    assert [one.words for one in shown] == [8]


@given(st.text(max_size=60))
def test_every_word_has_its_place(text: str) -> None:
    spans = word_spans(text).tolist()
    assert len(spans) == len(words(text))
    assert all(start < end for start, end in spans)
    assert spans == sorted(spans)


def test_words_written_without_spaces_have_places_of_their_own() -> None:
    assert word_spans("東京 2026年").tolist() == [[0, 1], [1, 2], [3, 7], [7, 8]]


def plain_spans(text: str) -> list[list[int]]:
    """Return what `word_spans` does, token by token."""
    spans: list[list[int]] = []
    for token in re.finditer(r"\S+", text):
        pieces = list(re.finditer(f"[{UNSPACED}]|[^{UNSPACED}]+", token[0]))
        counts = [len(words(piece[0])) for piece in pieces]
        if (n_words := len(words(token[0]))) == 1 or sum(counts) != n_words:
            spans += [list(token.span())] * n_words
            continue
        for piece, n in zip(pieces, counts, strict=True):
            spans += [[token.start() + piece.start(), token.start() + piece.end()]] * n
    return spans


@given(
    st.text(
        "ab1.-_ \n\u3000\u2026\u00ad\u0301\ufb01\u00bd\u6771\u4eac\u0e01\u0e31\u0e33\u304b\u3099\uff76\uff9e\U0001f6a2\ud800"
    )
)
def test_words_stand_where_the_text_has_them_token_by_token(text: str) -> None:
    assert word_spans(text).tolist() == plain_spans(text)


WORDS = st.lists(st.sampled_from("abc"), max_size=40)


@given(WORDS, WORDS, st.integers(1, 4))
def test_a_word_belongs_to_the_longest_passage_that_has_it(left: list[str], right: list[str], at_most: int) -> None:
    texts = [f"-{' -'.join(side)}." if side else "" for side in (left, right)]
    spans, found = [word_spans(text) for text in texts], compare(*map(word_hashes, texts), 2)
    chosen: list[list[range]] = []
    for *starts, n_words in found.passages:
        places = [range(start, start + n_words) for start in starts]
        taken = [{word for before in chosen for word in before[side]} for side in (0, 1)]
        if len(chosen) < at_most and not any(seen.issuperset(place) for seen, place in zip(taken, places, strict=True)):
            chosen.append(places)
    for side, made in enumerate(shared_places(*spans, found, at_most)):
        owner = {word: n for n, places in reversed(list(enumerate(chosen))) for word in places[side]}
        runs: list[list[int]] = []
        for word in sorted(owner):
            if runs and runs[-1][1:] == [word - 1, owner[word]]:
                runs[-1][1] = word
            else:
                runs.append([word, word, owner[word]])
        expected = [[spans[side][first, 0], spans[side][last, 1], number] for first, last, number in runs]
        assert made.tolist() == expected
