"""Every relation of the project: its Arrow schema, what one row means, and its key.

Types are those that every engine takes (Spark refuses unsigned integers, float16 and string_view): keys of bands are
``int64``, sets of hashes and signatures are ``binary`` (little-endian, read with ``numpy.frombuffer``).
"""

import pyarrow as pa

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
KEYS = pa.list_(pa.int64())

#: One crawled input. Key: doc_id. ``kind`` says what ``content`` is (bytes): ``html``, or plain text that is ``page``
#: (with its chrome), ``article`` (some residue) or ``clean``. ``extra``: unknown fields of the record as a JSON
#: object. ``arrival``: the strictly increasing number that orders everything that must be ordered.
PAGE = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("kind", TEXT),
        ("content", pa.large_binary()),
        ("url", TEXT),
        ("source", TEXT),
        ("title", TEXT),
        ("published", TEXT),
        ("language", TEXT),
        ("extra", TEXT),
        ("input", TEXT),
        ("position", TEXT),
    ]
)

#: What extraction made of one page. Key: doc_id. ``failure`` is empty for a usable one, else the reason it is rejected.
#: ``layout``: of each line of ``text`` what the HTML says of it (``dedup.articles.outline.LAYOUT``), little-endian float32; empty
#: where the text came without HTML. ``keep``: float32 likewise, the probability that each line is the article's, where the page as a
#: whole has been judged. ``extractor``: who chose the lines of HTML, ``fast`` or ``trafilatura``.
DRAFT = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("kind", TEXT),
        ("url", TEXT),
        ("source", TEXT),
        ("title", TEXT),
        ("published", TEXT),
        ("language", TEXT),
        ("text", TEXT),
        ("extra", TEXT),
        ("input", TEXT),
        ("position", TEXT),
        ("failure", TEXT),
        ("detail", TEXT),
        ("layout", pa.binary()),
        ("keep", pa.binary()),
        ("extractor", TEXT),
    ]
)

#: One line of a draft's text that is not blank. Key: doc_id, index. ``key`` is the hash of the line's letters.
#: ``keep``: probability that it is the article's, [0, 1]. ``marker``: the word for what the line looks like when it is
#: chrome (``share``, ``sign_up``, …), else empty. By ``sentences``, the keys of its sentences in order, and ``forms``, for
#: a line in doubt the keys that near-equal lines have in common with it, repeats are counted.
SEGMENT = pa.schema(
    [
        ("doc_id", TEXT),
        ("source", TEXT),
        ("kind", TEXT),
        ("index", pa.int32()),
        ("text", TEXT),
        ("key", pa.int64()),
        ("keep", pa.float64()),
        ("marker", TEXT),
        ("sentences", KEYS),
        ("forms", KEYS),
    ]
)

#: In how many groups of otherwise unrelated articles of one source the key of a sentence, or of a form of a line, stands;
#: all nights together. Key: source, key. ``holders``: the first article of each of the first few groups, as the digest of
#: its id and about the number of words in its long sentences, by which a version of it is recognised on a later night.
REPEAT = pa.schema(
    [
        ("source", TEXT),
        ("key", pa.int64()),
        ("n_articles", pa.int64()),
        ("holders", pa.list_(pa.struct([("article", pa.int64()), ("size", pa.int64())]))),
    ]
)

#: One line taken out of an article. Key: doc_id, index.
REMOVAL = pa.struct([("text", TEXT), ("reason", TEXT)])

#: What labelling made of a draft's lines: the clean body, its headline and what was taken out. Key: doc_id.
LABELLED = pa.schema(
    [
        ("doc_id", TEXT),
        ("title", TEXT),
        ("text", TEXT),
        ("removed", pa.list_(REMOVAL)),
        ("n_words", pa.int64()),
        ("n_words_removed", pa.int64()),
    ]
)

#: One article: clean body, headline apart. Key: doc_id. ``language`` and ``n_words`` are null where nobody has looked.
ARTICLE = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("url", TEXT),
        ("source", TEXT),
        ("title", TEXT),
        ("published", TEXT),
        ("language", TEXT),
        ("text", TEXT),
        ("removed", pa.list_(REMOVAL)),
        ("n_words", pa.int64()),
        ("n_words_removed", pa.int64()),
        ("extra", TEXT),
        ("input", TEXT),
        ("position", TEXT),
    ]
)

#: The words of one article. Key: doc_id. ``words``: int64 hash per word, in order; ``signature``: uint32 MinHash values of the
#: shingles of these; ``flags``: a uint8 per word (quoted, figure, first of its line); all binary.
SIGNATURE = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("text_digest", pa.int64()),
        ("words", pa.large_binary()),
        ("signature", pa.binary()),
        ("flags", pa.binary()),
    ]
)

#: The terms of one article. Key: doc_id. ``words``, ``bigrams``, ``spans`` and ``lead`` are sorted distinct int64 keys
#: with int32 counts beside them, both little-endian; ``norms`` the lengths of these four under the background weights; ``dates`` ISO 8601 days (``--MM-DD`` without a known year);
#: ``quantities`` number and unit; ``labels`` readable forms of the most telling terms; both with int64 keys beside them.
TERMS = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("words", pa.binary()),
        ("word_counts", pa.binary()),
        ("bigrams", pa.binary()),
        ("bigram_counts", pa.binary()),
        ("spans", pa.binary()),
        ("span_counts", pa.binary()),
        ("lead", pa.binary()),
        ("lead_counts", pa.binary()),
        ("norms", pa.list_(pa.float64())),
        ("dates", TEXTS),
        ("quantities", TEXTS),
        ("quantity_keys", pa.binary()),
        ("labels", TEXTS),
        ("label_keys", pa.binary()),
    ]
)

#: What one article tells. Key: doc_id. ``keys``: sorted distinct int64 keys of its most telling words and spans, its quantities and days;
#: ``weights``: a float64 for each; both binary, little-endian.
TELLING = pa.schema([("doc_id", TEXT), ("arrival", pa.int64()), ("keys", pa.binary()), ("weights", pa.binary())])

#: One of the few terms that tell most of an article, which is told by its arrival, and its day of publication as an ordinal, null where
#: that is not known. Key: key, arrival.
POINT = pa.schema([("key", pa.int64()), ("arrival", pa.int64()), ("day", pa.int64())])

#: Kinds of keys under which articles meet. A row holds the place of its kind here: there are nearly a hundred rows for an article.
KINDS = ("exact", "minhash", "sample", "salient")

#: One key under which an article, told by its arrival, can be met. Key: kind, key, arrival. ``kind``: its place in ``KINDS``.
BAND = pa.schema([("kind", pa.int8()), ("key", pa.int64()), ("arrival", pa.int64())])

#: Two articles, by their arrivals, that share a key, and of which kind it is. Key: none, a pair may meet often.
MEETING = pa.schema([("earlier", pa.int64()), ("later", pa.int64()), ("kind", pa.int8())])

#: Two articles to verify, ``left_id < right_id``. Key: left_id, right_id.
PAIR = pa.schema([("left_id", TEXT), ("right_id", TEXT)])

#: A verified pair. Key: left_id, right_id. Columns as in ``duplicates.csv``.
MATCH = pa.schema(
    [
        ("left_id", TEXT),
        ("right_id", TEXT),
        ("relation", TEXT),
        ("jaccard", pa.float64()),
        ("containment_left", pa.float64()),
        ("containment_right", pa.float64()),
        ("shared_words", pa.int64()),
        ("longest_passage_words", pa.int64()),
        ("overlap_score", pa.float64()),
        ("days_apart", pa.float64()),
        ("reason", TEXT),
    ]
)

#: Which cluster an article is in. Key: doc_id. Every article has a row; one alone is its own canonical.
MEMBER = pa.schema([("doc_id", TEXT), ("cluster_id", TEXT), ("canonical_id", TEXT), ("relation", TEXT)])

#: Which event and storyline an article is in. Key: doc_id. ``similarity``: mean similarity to the event's others.
ASSIGNMENT = pa.schema([("doc_id", TEXT), ("event_id", TEXT), ("storyline_id", TEXT), ("similarity", pa.float64())])

#: One event. Key: event_id. ``top_terms``: distinctive terms, best first. ``cohesion``: mean pair similarity, [0, 1].
EVENT = pa.schema(
    [
        ("event_id", TEXT),
        ("storyline_id", TEXT),
        ("title", TEXT),
        ("top_terms", TEXTS),
        ("cohesion", pa.float64()),
    ]
)

#: In how many articles a term stood, by its int64 key (``dedup.events.counts``); key 0 holds the number of articles. Key: key.
#: Counts of several nights are added up; copies of one article count once.
TERM_COUNT = pa.schema([("key", pa.int64()), ("n_articles", pa.int64())])

#: How alike two articles are as reports of one happening, [0, 1], and whether the days they name agree (1) or conflict (-1), weighed
#: when the later one came. Key: earlier, later; both arrivals.
LIKENESS = pa.schema([("earlier", pa.int64()), ("later", pa.int64()), ("weight", pa.float64()), ("dates", pa.int64())])

#: Where an article of an earlier night stands. Key: doc_id. ``event_arrival`` and ``storyline_arrival``: the arrival of the
#: article that founded the event, or storyline, by which the oldest of two is told.
KNOWN = pa.schema(
    [
        ("doc_id", TEXT),
        ("event_id", TEXT),
        ("event_arrival", pa.int64()),
        ("storyline_id", TEXT),
        ("storyline_arrival", pa.int64()),
    ]
)

#: A group of earlier nights that became part of an older one. Key: level, old_id. ``level``: ``cluster``, ``event`` or ``storyline``.
MERGE = pa.schema([("level", TEXT), ("old_id", TEXT), ("new_id", TEXT)])
