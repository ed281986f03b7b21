"""Groups labelled articles as one usually would, each way at its own best threshold, and tells what that threshold is worth elsewhere.

    python benchmarks/events/baselines.py ../shared/data/events/{ecbplus,basil,duc2004}.jsonl.gz

Every way has one parameter. For each set: B-cubed F1 at the parameter that is best on that very set, and at the one whose mean over
the *other* sets is best. Vectors are scikit-learn's ``TfidfVectorizer`` as it comes, title and text; ``words`` drops stop words and
terms of one article, adds word pairs and takes ``1 + ln tf``. What the project does is scored by ``score.py``. Needs networkx,
which nothing else here does: ``pip install networkx``.
"""

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.feature_extraction.text import TfidfVectorizer

from pipelines.scores import bcubed

Way = Callable[[Any, Any, float], Any]


def kmeans(rows: Any, _distance: Any, factor: float) -> Any:
    n_clusters = max(1, min(rows.shape[0], round(factor * rows.shape[0] ** 0.5)))
    return KMeans(n_clusters, random_state=0, n_init=3).fit_predict(rows)


def dbscan(_rows: Any, distance: Any, eps: float) -> Any:
    return alone(DBSCAN(eps=eps, min_samples=2, metric="precomputed").fit_predict(distance))


def hdbscan(_rows: Any, distance: Any, alpha: float) -> Any:
    # No threshold: the scaling of distances is what can be chosen.
    return alone(HDBSCAN(min_cluster_size=2, alpha=alpha, metric="precomputed", copy=True).fit_predict(distance))


def average(_rows: Any, distance: Any, least: float) -> Any:
    linkage = AgglomerativeClustering(None, metric="precomputed", linkage="average", distance_threshold=least)
    return linkage.fit_predict(distance)


def louvain(_rows: Any, distance: Any, least: float) -> Any:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(distance)))
    for row in range(len(distance)):
        for other in np.argsort(distance[row], kind="stable")[1:11].tolist():
            if distance[row, other] <= least:
                graph.add_edge(row, other, weight=1.0 - distance[row, other])
    labels = np.empty(len(distance), dtype=int)
    for number, group in enumerate(nx.community.louvain_communities(graph, seed=0)):
        labels[list(group)] = number
    return labels


def alone(labels: Any) -> Any:
    """Give what was left out as noise a group each."""
    noise = labels < 0
    return np.where(noise, np.cumsum(noise) + labels.max() + 1, labels)


CUTS = tuple(np.arange(0.4, 0.97, 0.03).round(2).tolist())
WAYS: dict[str, tuple[Way, tuple[float, ...]]] = {
    "KMeans, k = c sqrt(n)": (kmeans, (0.5, 1, 1.5, 2, 2.5, 3, 4, 5)),
    "DBSCAN": (dbscan, CUTS),
    "HDBSCAN": (hdbscan, (0.5, 1.0, 1.5, 2.0)),
    "average linkage": (average, CUTS),
    "Louvain over the ten nearest": (louvain, CUTS),
}
VECTORS: dict[str, dict[str, Any]] = {
    "default": {},
    "words": {"stop_words": "english", "sublinear_tf": True, "ngram_range": (1, 2), "min_df": 2},
}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    options = parser.parse_args()
    sets = {}
    for path in options.gold:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            sets[path.name.split(".")[0]] = [json.loads(line) for line in lines]
    print("| vectors | way | " + " | ".join(f"{name}, own best | from the others" for name in sets) + " |")
    print("| --- | --- |" + " --- | --- |" * len(sets))
    for vectors, parameters in VECTORS.items():
        scores: dict[str, dict[str, Any]] = {way: {} for way in WAYS}
        for name, articles in sets.items():
            texts = [f"{article.get('title') or ''}\n{article['text']}" for article in articles]
            rows = TfidfVectorizer(**parameters).fit_transform(texts)
            distance = np.clip(1.0 - (rows @ rows.T).toarray(), 0.0, 1.0)
            np.fill_diagonal(distance, 0.0)
            gold = [article["event"] for article in articles]
            for way, (group, values) in WAYS.items():
                scores[way][name] = np.array([bcubed(gold, group(rows, distance, v).tolist()).f1 for v in values])
        for way, found in scores.items():
            cells = []
            for name, own in found.items():
                others = np.mean([score for other, score in found.items() if other != name], axis=0)
                cells.append(f"{own.max():.3f} | {own[int(np.argmax(others))]:.3f}")
            print(f"| {vectors} | {way} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
