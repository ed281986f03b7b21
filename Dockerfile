# An image whose command is `dedup`: docker build -t dedup . && docker run --rm dedup --help
FROM python:3.12-slim
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY dedup dedup
COPY pipelines pipelines
RUN pip install --no-cache-dir -c constraints.txt .
# Loops are compiled by the first run and kept here; without a home of its own an account could not.
ENV NUMBA_CACHE_DIR=/var/cache/dedup
RUN useradd --system dedup && mkdir -p /var/cache/dedup && chown dedup /var/cache/dedup
USER dedup
WORKDIR /data
ENTRYPOINT ["dedup"]
