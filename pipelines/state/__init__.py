"""The state: what nights remember of those before them.

One DuckDB file, or a folder of Parquet; both hold the same relations and pass the same laws.

Rule guarded here: a night is in the state whole or not at all, and an id that was published never changes its meaning.
"""

from pipelines.state.relations import RELATIONS
from pipelines.state.state import FORMAT, State, check_format, inputs_key, open_store
from pipelines.state.store import Store

__all__ = ["FORMAT", "RELATIONS", "State", "Store", "check_format", "inputs_key", "open_store"]
