# Stands in for the official image of PostgreSQL where there is no registry: what compose.yaml uses
# of it, on Debian's package.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-15 \
    && rm -rf /var/lib/postgresql/* /etc/postgresql/* /var/lib/apt/lists/* \
    && install -d -o postgres -g postgres /var/lib/postgresql/data /run/postgresql
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
COPY postgres-entrypoint /
USER postgres
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
CMD ["/postgres-entrypoint"]
