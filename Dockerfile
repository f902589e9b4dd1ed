# The image: Debian's nginx with the module, from the Debian package of the module.
# BASE is for those who keep a copy of Debian's image elsewhere.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY debian/control debian/
RUN apt-get update && apt-get build-dep -y --no-install-recommends ./
COPY . .
# The symbols stay out of the image.
RUN DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage --build=binary --no-sign \
    && mkdir /packages \
    && mv ../*.deb /packages/

FROM ${BASE}
COPY --from=build /packages/ /packages/
# The package brings nginx and the libraries. nginx's own folders lead to the writable ones, so that
# a mounted configuration works that names none: nginx makes its temporary folders when they are
# missing, and a link counts as there.
RUN apt-get update \
    && apt-get install -y --no-install-recommends /packages/*.deb \
    && apt-get clean \
    && rm -rf /packages /var/lib/apt/lists/* /var/cache/debconf/* /var/log/* /var/lib/nginx \
    && groupadd --system --gid 65532 dns-tools \
    && useradd --system --uid 65532 --gid 65532 --home-dir /var/lib/dns-tools \
        --shell /usr/sbin/nologin dns-tools \
    && install -d -o dns-tools -g dns-tools /var/lib/dns-tools /etc/dns-tools \
    && install -d /var/lib/nginx /var/log/nginx \
    && for kind in body proxy fastcgi uwsgi scgi; do ln -s /tmp "/var/lib/nginx/$kind"; done \
    && ln -s /dev/stdout /var/log/nginx/access.log \
    && ln -s /dev/stderr /var/log/nginx/error.log \
    && chmod 1777 /run
COPY image/ nginx.conf.example /usr/lib/dns-tools/

ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="DNS tools for nginx" \
    org.opencontainers.image.description="A DNS lookup API with a history, inside nginx" \
    org.opencontainers.image.licenses="BSD-2-Clause" \
    org.opencontainers.image.vendor="the dns-tools authors" \
    org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"

# By number: Kubernetes can tell then that it is not root.
USER 65532:65532
WORKDIR /var/lib/dns-tools
EXPOSE 3000
# Requests under way are finished, and what was answered is saved.
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["/usr/lib/dns-tools/healthcheck"]
ENTRYPOINT ["/usr/lib/dns-tools/entrypoint"]
