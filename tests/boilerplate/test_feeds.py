"""Feeds of teasers after an article are chrome; articles that look like feeds are not.

The article and the stories teased are on one subject: what tells them apart is how they stand on the page.
"""

from itertools import permutations

import numpy as np
import pytest

from dedup.articles.reading import read
from dedup.boilerplate.classify import judge
from dedup.boilerplate.features import FEATURES, FEED, features
from dedup.boilerplate.label import Label, Thresholds, strip
from dedup.boilerplate.passage import Part

HEADLINE = "Fishing talks between Aldmere and Velsko end without a treaty"
ARTICLE = [
    "Talks between Aldmere and Velsko about the shared cod grounds ended on Thursday without a treaty, and the two delegations could not even agree on a date for the next round, the fisheries minister of Aldmere told reporters at the harbour.",
    "The minister, Ilse Marren, said that her government had offered to give up a tenth of its quota in return for access to the northern banks, an offer that the other side had called too little and too late after a season of poor catches.",
    "Velsko has asked for a fifth of the quota since the spring, when its research ships found that the stock had moved north with the warmer water. Skippers in Aldmere doubt the figures, which have not been published in full, and want a survey of their own.",
    "Without a treaty the boats of both countries may fish where they did last year, but the licences run out in December, and no inspector of either coast guard would then have the right to board a vessel of the other country.",
    "Diplomats in the capital said that the mood had been better than the result. Both delegations dined together on Wednesday night, and an outline of a survey by ships of both countries is to be written by the end of the month.",
    "Marren will report to parliament on Monday. The opposition has said that it will ask why the government went into the talks with an offer that the skippers had rejected in public only a week before.",
]
TEASERS = [
    (
        "Morvania",
        "A patrol ship of the Morvanian coast guard leaves the harbour of Dunmere in February.",
        "Why the Morvanian coast guard cannot stop the night boats",
        "Coast guard",
        [
            "The government of Morvania reported earlier this month that its coast guard had boarded fewer boats than in any year since the treaty was signed, although the fleet has grown by a third and its budget was doubled two years ago.",
            "There are good reasons to ask why the ministers have been unable to keep foreign trawlers out of their waters. Skippers in the northern harbours say that the patrols are announced on the radio before they have left the quay.",
        ],
    ),
    (
        "Brightwell Harbour",
        "Workers on the new quay of Brightwell, which is to be opened in the autumn by the minister.",
        "Brightwell gets ready for larger ships",
        "Trade",
        [
            "The cranes on the new quay can be seen from the other side of the bay, and so can the hope that the town has set on them. From the autumn ships of twice the size are to unload here, and the railway to the capital will be repaired.",
            "Before that the harbour must be dredged, and nobody has said who will pay for it. The council sent the bill to the government, and the government, which has other worries this year, sent it back without an answer.",
        ],
    ),
    (
        "The quiet diplomacy of Bishop Anselm",
        "Bishop Anselm with the ambassador of Velsko at the blessing of the fleet three years ago.",
        "The quiet diplomacy of Bishop Anselm",
        "Church and state",
        [
            "Few people outside the islands knew how often the bishop, who died last week at the age of ninety, had carried letters between two governments that did not speak to each other for the better part of his life.",
            "His last journey, at eighty-four, took him to a fishing village where both delegations were kept by the fog for three days, and the agreement that was signed there has held to this day.",
        ],
    ),
]
TOP = ["Follow us", HEADLINE, "By Tam Isbister"]
TAIL = ["Latest", "Newsletter", "Subscribe now to our weekly letter and never miss a story from the coast."]


def teasers(credit: str, end: str, which: tuple[int, ...] = (0, 1, 2), n_paragraphs: int = 2) -> list[str]:
    return [
        line
        for tag, picture, headline, section, paragraphs in (TEASERS[number] for number in which)
        for line in (
            tag,
            *([f"{credit} {picture}"] if credit else []),
            headline,
            section,
            *paragraphs[:n_paragraphs],
            end,
        )
    ]


def kept(lines: list[str]) -> list[str]:
    page = read(lines)
    keep, markers = judge(page, "page")
    judged = [Part(row, lines[row], 1, keep[row], markers[row], 0, "") for row in range(len(lines))]
    _, places, _ = strip(judged, page, "", Thresholds(Label().keep_page, island=Label().island))
    return [lines[place] for place in places]


def told(lines: list[str], name: str) -> list[float]:
    column: list[float] = features(read(lines))[:, FEATURES.index(name)].tolist()
    return column


@pytest.mark.parametrize("which", [*permutations(range(3)), (0, 1), (2, 0)])
def test_a_feed_after_an_article_is_chrome_in_any_order(which: tuple[int, ...]) -> None:
    assert kept([*TOP, *ARTICLE, *teasers("Top image credit:", "keep readingShow less", which), *TAIL]) == ARTICLE


@pytest.mark.parametrize("n_paragraphs", [1, 2])
@pytest.mark.parametrize("credit", ["Photo:", "Image:", "Foto:", "Getty Images"])
@pytest.mark.parametrize("end", ["Read more", "Continue reading", "Weiterlesen", "Lire la suite", "Seguir leyendo"])
def test_a_feed_is_chrome_whatever_announces_its_pictures_and_its_stories(
    credit: str, end: str, n_paragraphs: int
) -> None:
    assert kept([*TOP, *ARTICLE, *teasers(credit, end, n_paragraphs=n_paragraphs), *TAIL]) == ARTICLE


@pytest.mark.parametrize("end", ["Read more", "Weiterlesen"])
def test_of_a_feed_without_pictures_on_the_article_s_subject_most_is_chrome(end: str) -> None:
    found = kept([*TOP, *ARTICLE, *teasers("", end), *TAIL])
    assert found[: len(ARTICLE)] == ARTICLE
    assert len(found) <= len(ARTICLE) + 2


@pytest.mark.parametrize("end", ["Read more", "Keep reading", "Weiterlesen"])
def test_boxes_that_end_alike_in_the_middle_of_an_article_leave_it_whole(end: str) -> None:
    lines = [*TOP]
    for number, paragraph in enumerate(ARTICLE):
        lines.append(paragraph)
        if number in (1, 3):
            _, picture, headline, _, _ = TEASERS[number // 2]
            lines += [headline, picture, end]
    found = kept([*lines, *TAIL])
    assert [line for line in found if line in ARTICLE] == ARTICLE
    assert not any(told(lines, "feed_units"))


@pytest.mark.parametrize("credit", ["Photo:", "Image credit:", "Getty Images"])
def test_credits_that_recur_between_the_paragraphs_of_an_article_leave_it_whole(credit: str) -> None:
    lines = [*TOP]
    for number, paragraph in enumerate(ARTICLE):
        lines.append(paragraph)
        if number % 2:
            lines.append(f"{credit} {TEASERS[number // 2][1]}")
    found = kept([*lines, *TAIL])
    assert [line for line in found if line in ARTICLE] == ARTICLE


PLACES = [
    (
        "The lighthouse walk",
        "The path from the harbour of Skerrow to the lighthouse is the best known walk of the island, and in spring the most beautiful. It takes two hours, and the keeper sells tea to walkers from a window of her kitchen.",
    ),
    (
        "The walk of the nine crosses",
        "Nine stone crosses stand along this walk over the hills of Skerrow, and nobody on the island knows who put them there. Start at the chapel in the morning, when the sun is behind you, and take the path to the left.",
    ),
    (
        "The walk around the loch",
        "On a calm day the island has no quieter walk than the one around the loch. The path is flat, so that it is good for children, and there are benches at each of the seven bays, where herons may be seen in spring.",
    ),
    (
        "The long walk to Ayre",
        "Strong walkers take the path along the cliffs to Ayre, which needs a whole day and a coat. The last bus back to the harbour of Skerrow leaves at six, and in spring it waits for walkers who are late.",
    ),
]
INTRODUCTION = [
    "Skerrow is an island for walkers: it has forty miles of path, one road and hardly a fence. In spring, when the ferry from the mainland runs twice a day again, we walked every path from the harbour to the cliffs of Ayre.",
    "Here are the four walks that we liked best, with the hours that they take and what to look for on the way. All of them start at a stop of the island's only bus.",
]


@pytest.mark.parametrize("end", ["Read more", "More info"])
def test_a_list_whose_entries_end_alike_stays(end: str) -> None:
    entries = [line for heading, text in PLACES for line in (heading, text, end)]
    found = kept(["Follow us", "The four best spring walks on the island of Skerrow", *INTRODUCTION, *entries, *TAIL])
    wanted = [*INTRODUCTION, *(text for _, text in PLACES)]
    assert [line for line in found if line in wanted] == wanted


def test_a_feed_is_told_by_its_teasers() -> None:
    lines = [*TOP, *ARTICLE, *teasers("Photo:", "Read more"), *TAIL]
    n_before, n_feed = len(TOP) + len(ARTICLE), 3 * 7
    assert told(lines, "feed_units") == [0] * n_before + [3] * n_feed + [0] * len(TAIL)
    assert told(lines, "feed_heads")[n_before] == 4
    assert told(lines, "feed_credits")[n_before] == 1
    before, after = told(lines, "feed_before")[n_before], told(lines, "feed_after")[n_before]
    assert 0.4 < before < 0.7
    assert after < 0.05
    assert 0 < told(lines, "feed_shared")[n_before] < 0.4
    outside = features(read(lines))[: n_before - 1, [FEATURES.index(name) for name in FEED]]
    assert np.unique(outside, axis=0).tolist() == [[0, -1, -1, -1, -1, -1]]


def test_one_teaser_or_teasers_that_end_unlike_are_no_feed() -> None:
    assert not any(told([*ARTICLE, *teasers("Photo:", "Read more", (0,)), *TAIL], "feed_units"))
    unlike = [*teasers("Photo:", "Read more", (0,)), *teasers("Photo:", "Keep reading", (1,))]
    assert not any(told([*ARTICLE, *unlike], "feed_units"))


def test_invitations_to_read_on_with_nothing_before_or_between_are_no_feed() -> None:
    assert not any(told(["Read more", "Read more"], "feed_units"))
    assert told(["Read more", "Home", "Read more", "Read more"], "feed_units") == [2, 2, 2, 0]
