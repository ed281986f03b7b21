"""The scikit-learn estimator: what it finds, what it keeps of scikit-learn's conventions, what it refuses."""

import inspect
import pickle
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted

import dedup
from dedup import EventClustering, NearDuplicates
from dedup.duplicates.relation import Rule, Verify
from dedup.errors import DedupError, ParameterError, SchemaError
from dedup.events.assign import Grouping
from dedup.flow import Flow

QUAY = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs. "
    "Engineers replaced forty metres of decking and two of the cranes, the chairman, Odd Halvorsen, said. "
    "The first ferry is due at noon on Wednesday with about 200 passengers."
)
CUT = QUAY.rpartition(" The first")[0]
BREAD = (
    "A bakery in the old town won the national bread prize for the second time. The jury praised a rye loaf "
    "that rests for three days. Its owner, Mira Lund, said she would give the money to her apprentices."
)
TEXTS = [BREAD, QUAY, "", CUT, BREAD.upper(), "—"]

#: Of scikit-learn's checks those that fit no matrix of numbers; for estimators of texts it runs none by itself.
APPLICABLE = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_n_features_in_after_fitting",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)


STORM = [
    "A storm flooded the harbour of Port Lumen overnight and left 40 people without homes.",
    "Port Lumen counts the damage: 40 people lost their homes when a storm flooded its harbour.",
]


@pytest.mark.parametrize("estimator", [NearDuplicates, EventClustering])
@pytest.mark.parametrize("name", APPLICABLE)
def test_scikit_learns_own_check_passes(name: str, estimator: type) -> None:
    check = getattr(estimator_checks, name)
    assert list(inspect.signature(check).parameters)[:2] in (["name", "estimator_orig"], ["name", "estimator"])
    check(estimator.__name__, estimator())


def test_labels_are_numbered_as_the_clusters_appear() -> None:
    model = NearDuplicates()
    assert model.fit(TEXTS) is model
    assert model.labels_.tolist() == [0, 1, 2, 1, 0, 3]
    assert model.labels_.dtype == np.int64
    assert model.fit_predict(TEXTS).tolist() == model.labels_.tolist()


def test_one_text_of_each_cluster_is_kept() -> None:
    model = NearDuplicates().fit(TEXTS)
    assert model.cluster_ids_.tolist() == [0, 1, 2, 1, 0, 5]
    assert sorted(model.labels_[model.canonical_].tolist()) == [0, 1, 2, 3]
    # Of the two that came at once, the longer.
    assert 1 in model.canonical_.tolist()


def test_what_came_first_founds_and_is_kept() -> None:
    model = NearDuplicates().fit([QUAY, CUT], published=["2026-03-03", "2026-03-02"])
    assert (model.cluster_ids_.tolist(), model.canonical_.tolist()) == ([1, 1], [1])


def test_matches_name_places() -> None:
    (bread, quay) = NearDuplicates().fit(TEXTS).matches_.to_pylist()
    assert (bread["left_id"], bread["right_id"], bread["relation"]) == (0, 4, "exact")
    assert (quay["left_id"], quay["right_id"], quay["relation"]) == (1, 3, "near")
    assert 0.0 < quay["jaccard"] < quay["containment_right"] == 1.0


def test_matches_listed_are_those_asked_for_and_clusters_stay() -> None:
    model = NearDuplicates(relations=("exact",)).fit(TEXTS)
    assert model.matches_["relation"].to_pylist() == ["exact"]
    assert model.labels_.tolist() == [0, 1, 2, 1, 0, 3]


def test_what_is_known_beside_the_text_tells_forms_from_copies() -> None:
    note = "The index closed {} points higher at {} on {} as traders weighed rates. " + CUT
    notes = [note.format("12.5", "18,200", "Monday"), note.format("80", "18,280", "Tuesday")]
    known: dict[str, Any] = {"published": ["2026-11-09", "2026-11-10"], "sources": ["wire.example"] * 2}
    assert NearDuplicates().fit_predict(notes).tolist() == [0, 0]
    assert NearDuplicates().fit_predict(notes, **known).tolist() == [0, 1]


def test_parameters_of_the_stages_can_be_set() -> None:
    strict = Flow(verify=Verify(rule=Rule(near_cover=0.99)))
    assert NearDuplicates(flow=strict).fit_predict([QUAY, CUT]).tolist() == [0, 1]
    assert clone(NearDuplicates(flow=strict)).flow == strict
    assert replace(strict, verify=Verify()) == Flow()


def test_it_agrees_with_find_duplicates() -> None:
    given = [{"id": f"{place}", "text": text} for place, text in enumerate(TEXTS) if text]
    found = dedup.find_duplicates(given, relations=("exact", "near")).to_pylist()
    placed = NearDuplicates().fit(TEXTS).matches_.to_pylist()
    assert [row | {"left_id": int(row["left_id"]), "right_id": int(row["right_id"])} for row in found] == placed


def test_fitting_again_forgets_and_pickles_give_the_same() -> None:
    model = NearDuplicates().fit([QUAY, CUT])
    assert model.fit_predict([BREAD, QUAY]).tolist() == [0, 1]
    again = pickle.loads(pickle.dumps(model))
    assert again.labels_.tolist() == [0, 1]
    assert again.matches_.equals(model.matches_)
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(model))


def test_it_stands_at_the_end_of_a_pipeline() -> None:
    upper = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    assert make_pipeline(upper, NearDuplicates()).fit_predict([QUAY, BREAD, QUAY.lower()]).tolist() == [0, 1, 0]


def test_events_are_numbered_as_they_appear_and_hold_copies() -> None:
    model = EventClustering()
    assert model.fit([BREAD, STORM[0], "", QUAY, STORM[1], BREAD.upper()]) is model
    assert model.labels_.tolist() == [0, 1, 2, 3, 1, 0]
    assert model.labels_.dtype == np.int64
    assert model.event_ids_.tolist() == [0, 1, 2, 3, 1, 0]
    assert len(set(zip(model.labels_.tolist(), model.storylines_.tolist(), strict=True))) == 4
    assert model.similarity_[[2, 3]].tolist() == [1.0, 1.0]
    assert 0 < model.similarity_[1] == model.similarity_[4] < 1


def test_the_first_to_be_published_founds_an_event() -> None:
    model = EventClustering()
    assert model.fit(STORM, published=["2026-03-03", "2026-03-02"]).event_ids_.tolist() == [1, 1]


def test_events_agree_with_group_events() -> None:
    texts = [BREAD, *STORM, QUAY]
    found = dedup.group_events([{"id": str(place), "text": text} for place, text in enumerate(texts)])
    model = EventClustering().fit(texts)
    assert [int(one) for one in found["event_id"].to_pylist()] == model.event_ids_.tolist()
    assert found["similarity"].to_pylist() == model.similarity_.tolist()


def test_parameters_of_grouping_can_be_set_and_events_pickle() -> None:
    strict = Flow(grouping=Grouping(storyline=1.0, single=1.0, firm=1.0, strict=1.0, matched=0.0))
    model = EventClustering(flow=strict)
    assert model.fit_predict(STORM).tolist() == [0, 1]
    assert pickle.loads(pickle.dumps(model)).labels_.tolist() == [0, 1]
    assert clone(model).flow == strict
    assert EventClustering().fit_predict([]).tolist() == []
    with pytest.raises(ParameterError, match="EventClustering: published must be as long as X"):
        EventClustering().fit(STORM, published=["2026-03-03"])


@pytest.mark.parametrize("given", [[QUAY, QUAY], (QUAY, QUAY), np.array([QUAY, QUAY]), iter([QUAY, QUAY])])
def test_texts_come_in_any_iterable(given: Any) -> None:
    assert NearDuplicates().fit_predict(given).tolist() == [0, 0]


def test_no_texts_no_labels() -> None:
    model = NearDuplicates().fit([])
    assert model.labels_.tolist() == model.canonical_.tolist() == []
    assert model.matches_.num_rows == 0


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        (QUAY, {}, SchemaError, "iterable of str. Got str"),
        (7, {}, SchemaError, "iterable of str. Got int"),
        ([QUAY, None], {}, SchemaError, "Number 2 is NoneType"),
        ([[1.0, 2.0]], {}, SchemaError, "Number 1 is list"),
        ([QUAY], {"titles": ["a", "b"]}, ParameterError, r"title must be as long as X \(1\). Got 2"),
    ],
)
def test_what_is_no_text_is_refused(texts: Any, options: dict[str, Any], error: type[DedupError], message: str) -> None:
    with pytest.raises(error, match=message):
        NearDuplicates().fit(texts, **options)


@pytest.mark.parametrize("relations", [(), ("copy",)])
def test_unknown_relations_are_refused_when_it_is_fitted(relations: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match="relations must be among exact, near, partial, overlap"):
        NearDuplicates(relations=relations).fit([QUAY])


def test_scikit_learn_is_loaded_when_the_estimator_is_asked_for_and_not_before() -> None:
    code = "import sys, dedup; before = 'sklearn' in sys.modules; dedup.NearDuplicates; print(before, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    ("name", "value"), [("relations", 5), ("relations", ()), ("relations", ("alike",)), ("flow", 3)]
)
def test_parameters_of_another_kind_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=name):
        NearDuplicates(**{name: value}).fit(["One text.", "Another text."])


@pytest.mark.parametrize("given", [np.array("abc"), {"a": "One text."}, np.array([["a", "b"]])])
def test_what_is_no_list_of_texts_is_refused(given: Any) -> None:
    with pytest.raises(SchemaError, match="iterable of str"):
        NearDuplicates().fit(given)


@pytest.mark.parametrize("estimator", [NearDuplicates(), EventClustering()], ids=lambda one: type(one).__name__)
def test_it_stands_behind_a_transformer_that_cleans_pages(estimator: Any) -> None:
    page = "<html><body><nav><a href='/'>Home</a></nav><article><h1>{0}</h1><p>{1}</p></article></body></html>"
    pages = [page.format("Quay reopens", QUAY), page.format("Bread prize", BREAD), page.format("Quay to open", QUAY)]
    cleaning = FunctionTransformer(lambda pages: [dedup.clean(one).text for one in pages])
    steps = Pipeline([("clean", cleaning), ("group", estimator)])
    assert steps.fit_predict(pages).tolist() == [0, 1, 0]
    assert steps.named_steps["group"].labels_.tolist() == [0, 1, 0]
    assert steps.fit_predict(pages[:2]).tolist() == [0, 1]
