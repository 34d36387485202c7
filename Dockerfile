ARG PYTHON_IMAGE=python:3.13-slim
ARG NODE_IMAGE=node:22-slim

FROM ${NODE_IMAGE} AS charts
WORKDIR /assets
COPY assets/package.json assets/package-lock.json /assets/
RUN npm ci --loglevel error --no-audit --no-fund --ignore-scripts

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# Two environments: the tools stay in this stage, /opt/ticker has not even pip. pip compiles the bytecode as it installs.
RUN python -m venv /tools && python -m venv --without-pip /opt/ticker
COPY requirements.txt requirements-build.txt /src/
RUN /tools/bin/pip install --quiet --require-hashes -r /src/requirements-build.txt \
 && /tools/bin/pip --python /opt/ticker/bin/python install --quiet --require-hashes -r /src/requirements.txt
COPY pyproject.toml README.md LICENSE /src/
COPY feeds /src/feeds
COPY ticker /src/ticker
COPY --from=charts /assets/node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs /src/ticker/dashboard/vendor/lightweight-charts.js
RUN /tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheel /src \
 && /tools/bin/pip --python /opt/ticker/bin/python install --quiet --no-deps /wheel/*.whl

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="ticker" \
      org.opencontainers.image.description="Live prices for your dashboard, never silently old: a self-hosted real-time market-data ticker" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# In a container the loopback address reaches nobody; the service warns about listening on every address.
ENV PATH=/opt/ticker/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TICKER_SERVER__HOST=0.0.0.0
COPY --from=build /opt/ticker /opt/ticker
COPY config/ticker.toml /etc/ticker/ticker.toml.example
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# http.client, because urllib would follow a proxy from the environment.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-I", "-c", "import http.client, os; probe = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('TICKER_OPERATIONS__PORT') or os.environ.get('TICKER_SERVER__PORT', 8080)), timeout=3); probe.request('GET', '/healthz'); raise SystemExit(probe.getresponse().status != 200)"]
ENTRYPOINT ["ticker"]
CMD ["serve"]
