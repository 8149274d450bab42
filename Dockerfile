# Luot in a container: one process tree, one volume, no root, nothing written outside the volume.
#
#   make image                       finds the digest of the base image and builds with it
#   docker run --init --read-only --tmpfs /tmp --stop-timeout 130 -p 127.0.0.1:8000:8000 \
#     --cap-drop ALL --security-opt no-new-privileges \
#     -v luot-data:/data -v "$PWD/luot.toml:/etc/luot.toml:ro" -e LUOT_CONFIG=/etc/luot.toml luot
#
# A base image has to bring glibc: the embedded store has no program for musl. Give it with its
# digest, so that a build of today is the build of next year:
#   --build-arg PYTHON_IMAGE=python:3.13-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
# What is installed is what the lock names, with the hashes that it has; nothing is compiled.
COPY config/requirements.txt config/requirements-build.txt config/
RUN python -m venv --without-pip /opt/luot \
    && pip --python /opt/luot/bin/python install --no-cache-dir --no-compile --no-deps \
        --only-binary :all: --require-hashes --requirement config/requirements.txt
RUN python -m venv --without-pip /opt/build \
    && pip --python /opt/build/bin/python install --no-cache-dir --no-deps \
        --only-binary :all: --require-hashes --requirement config/requirements-build.txt
COPY . .
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /wheels \
    && pip --python /opt/luot/bin/python install --no-cache-dir --no-compile --no-deps --no-index \
        /wheels/*.whl \
    && /opt/luot/bin/python config/sbom.py config/requirements.txt > /opt/luot/sbom.json \
    && python -m compileall -q /opt/luot/lib

FROM ${PYTHON_IMAGE}
# A fixed number, so that the owner of a volume is the same on every host.
ARG LUOT_UID=10001
RUN groupadd --gid "${LUOT_UID}" luot \
    && useradd --uid "${LUOT_UID}" --gid luot --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin luot \
    && install -d -o luot -g luot -m 0700 /data
# Root's, so that who gets into the process cannot change the program.
COPY --from=build /opt/luot /opt/luot
# Workers show that they live by touching a file. On a disk that can take long, so it is in memory;
# that directory can be written in a container whose root file system cannot.
ENV PATH="/opt/luot/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LUOT_DATA_DIR=/data \
    GUNICORN_CMD_ARGS="--worker-tmp-dir=/dev/shm"
LABEL org.opencontainers.image.title="Luot" \
    org.opencontainers.image.description="Hit counter and visitor analytics for publishers" \
    org.opencontainers.image.licenses="MIT"
USER ${LUOT_UID}:${LUOT_UID}
# ./luot.toml is read from here when there is one.
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener as opener; opener(ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["luot"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
