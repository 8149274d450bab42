# Luot in a container: one process tree, one volume, no root.
#
#   docker build -t luot .
#   docker run --init --read-only --tmpfs /tmp --stop-timeout 130 -p 127.0.0.1:8000:8000 \
#     -v luot-data:/data -v "$PWD/luot.toml:/etc/luot.toml:ro" -e LUOT_CONFIG=/etc/luot.toml luot
#
# A base image has to bring glibc: the embedded store has no program for musl.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[embedded,postgres]" \
    && python -m venv --without-pip /opt/luot \
    && pip --python /opt/luot/bin/python install --no-cache-dir --no-index \
        /wheels/*.whl

FROM ${PYTHON_IMAGE}
# A fixed number, so that the owner of a volume is the same on every host.
ARG LUOT_UID=10001
RUN groupadd --gid "${LUOT_UID}" luot \
    && useradd --uid "${LUOT_UID}" --gid luot --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin luot \
    && install -d -o luot -g luot -m 0700 /data
COPY --from=build /opt/luot /opt/luot
# Workers show that they live by touching a file. On a disk that can take long, so it is in memory;
# that directory can be written in a container whose root file system cannot.
ENV PATH="/opt/luot/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    LUOT_DATA_DIR=/data \
    GUNICORN_CMD_ARGS="--worker-tmp-dir=/dev/shm"
USER ${LUOT_UID}:${LUOT_UID}
# ./luot.toml is read from here when there is one.
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener as opener; opener(ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["luot"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
