"""What earlier nights left behind, and how tonight's articles meet it.

In: tonight's keys, pairs and matches, and something that looks up rows of earlier nights. Out: the earlier rows that are
needed beside tonight's, no more.

Rule guarded here: what is looked up depends on tonight's articles, never on how many nights there were.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.candidates.window import ordinals, within
from dedup.duplicates.component import JOINING
from dedup.events.counts import counted_keys
from dedup.keys import numbered
from dedup.schema import ARTICLE, KNOWN, MATCH, TERMS, TEXT

#: What is read of an article beside its words and terms.
ABOUT = ["doc_id", "arrival", "url", "source", "title", "published", "n_words"]
#: What is read of its words.
_COMPARED = ["doc_id", "words", "flags"]
_MET = ["doc_id", "arrival", "published"]


class Earlier(Protocol):
    """What earlier nights left behind."""

    def rows(
        self,
        name: str,
        column: str,
        values: pa.Array,
        columns: Sequence[str] = (),
        between: tuple[str, int, int] | None = None,
    ) -> pa.Table:
        """Return the rows of a relation that hold one of ``values`` in ``column``, in the order of its key, those of ``bands`` in any.

        Parameters
        ----------
        name : str
            ``articles`` (ARTICLE without ``removed``), ``signatures``, ``terms``, ``telling``, ``bands``, ``members``,
            ``points``, ``assignments``, ``events``, ``likenesses``, ``term_counts`` or ``repeats``.
        column, values : str, Array
            What is looked up.
        columns : sequence of str
            Those wanted; all of the relation without it.
        between : tuple of str, int, int, optional
            Only rows that have a number from the second to the third, or none, in this column.
        """
        ...


class Texts(NamedTuple):
    """Articles and what is made of each, in one order: ``ABOUT``, of SIGNATURE what is compared, and TERMS; or more columns."""

    articles: pa.Table
    signatures: pa.Table
    terms: pa.Table

    def and_those(self, earlier: Earlier, doc_ids: pa.Array) -> "Texts":
        """Return these, and after them the earlier ones called ``doc_ids``."""
        wanted = (ABOUT, _COMPARED, TERMS.names)
        rows = [
            earlier.rows(name, "doc_id", doc_ids, columns)
            for name, columns in zip(("articles", "signatures", "terms"), wanted, strict=True)
        ]
        ours = (table.select(columns) for table, columns in zip(self, wanted, strict=True))
        return Texts(*(pa.concat_tables(pair) for pair in zip(ours, rows, strict=True)))


def met_under(earlier: Earlier, bands: Sequence[pa.Table]) -> tuple[pa.Table, pa.Table]:
    """Return who met tonight's articles under a key.

    Parameters
    ----------
    bands : sequence of Table
        Relation BAND, of tonight.

    Returns
    -------
    tuple of two Tables
        Relation BAND of the earlier articles under these keys, and ``doc_id``, ``arrival`` and ``published`` of these articles.
    """
    keys = pc.unique(pa.chunked_array([chunk for table in bands for chunk in table["key"].chunks], pa.int64()))
    found = earlier.rows("bands", "key", keys)
    return found, earlier.rows("articles", "arrival", pc.unique(found["arrival"]), _MET)


def in_reach(  # noqa: PLR0913 - tonight, who is met, and how far
    found: pa.Table, met: pa.Table, bands: pa.Table, articles: pa.Table, days: int, limit: int
) -> pa.Table:
    """Leave out who is met under salient keys only by articles too far away in time, where that changes no pair.

    Under a key of more than ``limit`` articles the first arrivals are met, whenever they were published: there all rows stay.

    Parameters
    ----------
    found, bands : Table
        Relation BAND, all of kind ``salient``: earlier articles under tonight's keys, and tonight's.
    met, articles : Table
        ``arrival`` and ``published``, of earlier articles and of tonight's.
    days : int
        How far apart articles may be published; 0 for any number.
    limit : int
        See above.
    """
    day = ordinals(articles["published"])
    if not days or not found.num_rows or np.isnan(day).all():
        return found
    arrivals = met["arrival"].to_numpy()
    order = np.argsort(arrivals)
    theirs = ordinals(met["published"])[order][np.searchsorted(arrivals[order], found["arrival"].to_numpy())]
    is_far = (theirs < np.nanmin(day) - days) | (theirs > np.nanmax(day) + days)
    key, n_holders, place = numbered(found["key"].to_numpy())
    ours = np.sort(bands["key"].to_numpy())
    n_holders += np.searchsorted(ours, key, "right") - np.searchsorted(ours, key)
    # One without a day is met by all, and meets all.
    undated = articles["arrival"].filter(pa.array(np.isnan(day)))
    of_undated = bands["key"].filter(pc.is_in(bands["arrival"], undated.combine_chunks())).to_numpy()
    is_kept = (n_holders > limit) | np.isin(key, of_undated)
    return found.filter(pa.array(~is_far | is_kept[place]))


def not_among(ids: pa.ChunkedArray, articles: pa.Table) -> pa.Array:
    """Return the distinct ids that are none of ``articles``, sorted."""
    found = ids.unique()
    found = found.filter(pc.invert(pc.is_in(found, articles["doc_id"].combine_chunks())))
    return found.take(pc.sort_indices(found))


def others(pairs: pa.Table, articles: pa.Table) -> pa.Array:
    """Return the ids in ``pairs`` that are none of ``articles``, sorted."""
    return not_among(pa.chunked_array([*pairs["left_id"].chunks, *pairs["right_id"].chunks], TEXT), articles)


def clusters_of(earlier: Earlier, matches: pa.Table, articles: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the earlier clusters that tonight's matches reach.

    Parameters
    ----------
    matches : Table
        Relation MATCH, of tonight.
    articles : Table
        Tonight's.

    Returns
    -------
    tuple of three Tables
        Relation MEMBER of all in these clusters; ``ABOUT`` of these; and their ``doc_id`` and ``text_digest``.
    """
    joining = matches.filter(pc.is_in(matches["relation"], pa.array(JOINING)))
    reached = earlier.rows("members", "doc_id", others(joining, articles))
    members = earlier.rows("members", "cluster_id", pc.unique(reached["cluster_id"]))
    ids = members["doc_id"].combine_chunks()
    digests = earlier.rows("signatures", "doc_id", ids, ["doc_id", "text_digest"])
    return members, earlier.rows("articles", "doc_id", ids, ABOUT), digests


def held_together(members: pa.Table) -> pa.Table:
    """Return what joins the members of each cluster: rows of MATCH, each with the first of its cluster."""
    first: dict[str, str] = {}
    rows = [
        {"left_id": doc_id, "right_id": first.setdefault(cluster_id, doc_id), "relation": JOINING[-1]}
        for doc_id, cluster_id in zip(members["doc_id"].to_pylist(), members["cluster_id"].to_pylist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=MATCH)


def names_kept(
    named: Mapping[str, str], members: pa.Table, arrival: Mapping[str, int]
) -> tuple[dict[str, str], dict[str, str]]:
    """Give clusters the id that they had; of several that have become one, the oldest.

    Parameters
    ----------
    named : mapping of str to str
        Cluster of each article, as `component.cluster_ids` names it.
    members : Table
        Relation MEMBER, of earlier nights.
    arrival : mapping of str to int
        Arrivals of the articles. One that has been forgotten is older than all that came to it.

    Returns
    -------
    tuple of two dict
        Cluster of each article; and of each id that is no more, what it became.
    """
    earlier = dict(zip(members["doc_id"].to_pylist(), members["cluster_id"].to_pylist(), strict=True))
    joined: dict[str, set[str]] = {}
    for doc_id, cluster_id in earlier.items():
        joined.setdefault(named[doc_id], set()).add(cluster_id)
    oldest = {now: min(ids, key=lambda one: (arrival.get(one, -1), one)) for now, ids in joined.items()}
    gone = {one: oldest[now] for now, ids in joined.items() for one in sorted(ids) if one != oldest[now]}
    return {doc_id: oldest.get(now, now) for doc_id, now in named.items()}, gone


class Beside(NamedTuple):
    """Tonight's articles and the earlier ones that they may share an event with; see `dedup.events.assign.group`."""

    articles: pa.Table
    terms: pa.Table
    members: pa.Table
    known: pa.Table
    counts: pa.Table
    likenesses: pa.Table


def beside(  # noqa: PLR0913 - tonight, and how far back
    earlier: Earlier, articles: pa.Table, terms: pa.Table, pairs: pa.Table, members: pa.Table, days: int
) -> Beside:
    """Return tonight's articles, and the earlier events that they may be of.

    Parameters
    ----------
    articles, terms : Table
        Relations ARTICLE and TERMS, of tonight.
    pairs : Table
        Relation PAIR: those that may be of one event, one of each at least of tonight.
    members : Table
        Relation MEMBER: tonight's clusters.
    days : int
        Earlier articles that are paired with one of tonight are looked at if published at most so many days from it; those of its
        cluster always, and with an article all of its event.
    """
    met = others(pairs, articles)
    about = earlier.rows("articles", "doc_id", met, _MET)
    near = others(within(pairs, pa.concat_tables([articles.select(_MET), about]), days), articles)
    wanted = pa.concat_arrays([near, not_among(members["doc_id"], articles)]).unique()
    events = pc.unique(earlier.rows("assignments", "doc_id", wanted)["event_id"])
    assigned = earlier.rows("assignments", "event_id", events)
    ids = assigned["doc_id"].combine_chunks()
    clusters = earlier.rows("members", "doc_id", ids)
    clusters = clusters.filter(pc.invert(pc.is_in(clusters["doc_id"], members["doc_id"].combine_chunks())))
    every = pa.concat_tables([articles.select([*ABOUT, "text"]), titled(earlier, ids)])
    terms = pa.concat_tables([terms, earlier.rows("terms", "doc_id", ids)])
    counts = earlier.rows("term_counts", "key", pa.array(counted_keys(terms)))
    known = _since_when(earlier, assigned)
    return Beside(every, terms, pa.concat_tables([members, clusters]), known, counts, _likenesses(earlier, every))


def _likenesses(earlier: Earlier, articles: pa.Table) -> pa.Table:
    """Return relation LIKENESS of every two of the articles that both came before tonight."""
    arrivals = articles["arrival"].combine_chunks()
    found = earlier.rows("likenesses", "later", arrivals)
    return found.filter(pc.is_in(found["earlier"], arrivals))


def titled(earlier: Earlier, doc_ids: pa.Array) -> pa.Table:
    """Return ``ABOUT`` of earlier articles, and the text of those that have no title, by which they are called instead."""
    about = earlier.rows("articles", "doc_id", doc_ids, ABOUT)
    untitled = about["doc_id"].filter(pc.equal(pc.fill_null(about["title"], ""), "")).combine_chunks()
    texts = earlier.rows("articles", "doc_id", untitled, ["doc_id", "text"])
    place = pc.index_in(about["doc_id"], texts["doc_id"].combine_chunks())
    return about.append_column(ARTICLE.field("text"), texts["text"].take(place))


def _since_when(earlier: Earlier, assigned: pa.Table) -> pa.Table:
    """Return relation KNOWN: with each event and storyline, the arrival of the article that it is named after."""
    founders = pc.unique(pa.chunked_array([*assigned["event_id"].chunks, *assigned["storyline_id"].chunks], TEXT))
    rows = earlier.rows("articles", "doc_id", founders, ["doc_id", "arrival"])
    arrival = dict(zip(rows["doc_id"].to_pylist(), rows["arrival"].to_pylist(), strict=True))
    # One that has been forgotten is older than all that came to it.
    known = [
        row | {f"{level}_arrival": arrival.get(row[f"{level}_id"], -1) for level in ("event", "storyline")}
        for row in assigned.to_pylist()
    ]
    return pa.Table.from_pylist(known, schema=KNOWN)
