# The operator's image:  docker build -t ailtire-operator:0.1.0 .
# Both stages start from this one; by digest: --build-arg PYTHON=docker.io/library/python:3.11-slim@sha256:…
ARG PYTHON=docker.io/library/python:3.11-slim
FROM ${PYTHON} AS build
WORKDIR /src
# The time of the files in the wheel.
ARG SOURCE_DATE_EPOCH
# What is locked and nothing else, as in the Makefile: pip resolves nothing and builds nothing of it. What is for
# development stays behind in this stage.
COPY requirements.lock ./
RUN pip wheel --no-cache-dir --no-deps --require-hashes --wheel-dir /wheels -r requirements.lock
COPY pyproject.toml LICENSE ./
COPY operator operator
RUN pip install --no-cache-dir --no-index --find-links /wheels hatchling \
 && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
RUN python -m venv --without-pip /opt/ailtire \
 && pip --python /opt/ailtire/bin/python install --no-cache-dir --no-compile --no-index --find-links /wheels ailtire-operator
# Bytecode for what is used; the Kubernetes client's thousands of models are loaded as needed, and hardly any is.
# By content, not by time: the same each time that it is built.
RUN python -m compileall -q --invalidation-mode unchecked-hash -x '/kubernetes/(aio/)?client/' /opt/ailtire

FROM ${PYTHON} AS operator
ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="ailtire-operator" \
      org.opencontainers.image.description="Runs applications that are a tree of stacks" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /opt/ailtire /opt/ailtire
# kopf asks for its user's name, which a user that is only a number has not.
ENV PATH=/opt/ailtire/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 USER=ailtire
# By number: Kubernetes can tell only then that it is not root.
USER 65532:65532
ENTRYPOINT ["ailtire-operator"]
CMD ["run", "--standalone", "--all-namespaces", "-m", "ailtire_operator.handlers"]

# For pipelines, with kubectl beside the plugin:  docker build --target ci -t ailtire-ci .
FROM operator AS ci
COPY --from=registry.k8s.io/kubectl:v1.35.4 /bin/kubectl /usr/local/bin/kubectl
# HOME is where kubectl keeps what it has discovered; a pipeline's steps are run by a shell.
ENV HOME=/tmp
ENTRYPOINT []
CMD ["kubectl", "ailtire", "--help"]

# What `docker build .` makes.
FROM operator
