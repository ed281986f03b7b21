"""The same job on a cluster: the stages of `dedup` on Spark's executors, joins and groups by Spark itself.

In: what the user named, a configuration, a Spark session. Out: what the local engine gives, to the byte.

Rule guarded here: nothing outside of this package imports pyspark, and this package is imported only when Spark was asked for.
"""
