# The operator's image:  docker build -t ailtire-operator:0.1.0 .
# Both stages start from this one; by digest: --build-arg PYTHON=docker.io/library/python:3.11-slim@sha256:…
ARG PYTHON=docker.io/library/python:3.11-slim
FROM ${PYTHON} AS build
WORKDIR /src
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
RUN python -m compileall -q -x '/kubernetes/(aio/)?client/' /opt/ailtire

FROM ${PYTHON}
COPY --from=build /opt/ailtire /opt/ailtire
# kopf asks for its user's name, which a user that is only a number has not.
ENV PATH=/opt/ailtire/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 USER=ailtire
# By number: Kubernetes can tell only then that it is not root.
USER 65532:65532
ENTRYPOINT ["kopf"]
CMD ["run", "--standalone", "--all-namespaces", "-m", "ailtire_operator.handlers"]
