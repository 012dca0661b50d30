#!/bin/sh
# From a commit to production, in steps: ./delivery.sh STEP [STEP...]. Each runs by itself; what one step hands to the
# next is in the overlay's images.yaml and in the reports. Without a step it lists them.
#
# It needs kubectl and kubectl-ailtire, for `test` python3, for `build` and `push` docker, for `notify` curl.
#
#   ENVIRONMENT   which overlay, and of which namespace (portal-$ENVIRONMENT); dev
#   NAMESPACE     another namespace than that, as the overlay has it
#   OVERLAY       another overlay than overlays/$ENVIRONMENT
#   IMAGE         where the image is pushed: registry.example/portal
#   VERSION       its tag; the commit, if there is none
#   BASE          what the image is built on, if not what the Dockerfile says
#   TIMEOUT       how long `deploy` waits; 5m
#   LOG_LINES     how many lines `deploy` shows of the log of what has failed; 20
#   FROM          `reproduce`: the namespace whose images are taken; portal-prod
#   REVISION      `reproduce`: which of its revisions (kubectl ailtire history); the newest
#   REPORTS       the folder of the reports; reports
#   NOTIFY_URL    where `notify` sends {"text": "..."}; nowhere
#
# `deploy` ends with the exit code of `kubectl ailtire wait`: 0 ready, 3 failed, 4 timed out, 6 rolled back,
# 7 suspended or stopped; 2 is anything else, and 1 that the definition was not taken.
set -eu
cd "$(dirname "$0")"

STACK=portal
ENVIRONMENT=${ENVIRONMENT:-dev}
NAMESPACE=${NAMESPACE:-portal-$ENVIRONMENT}
OVERLAY=${OVERLAY:-overlays/$ENVIRONMENT}
IMAGE=${IMAGE:-registry.example/portal}
VERSION=${VERSION:-$(git rev-parse --short=12 HEAD 2>/dev/null || true)}
TIMEOUT=${TIMEOUT:-5m}
LOG_LINES=${LOG_LINES:-20}
FROM=${FROM:-portal-prod}
REPORTS=${REPORTS:-reports}
MINIMUM_COVERAGE=80

fail() {
  printf 'delivery.sh: %s\n' "$1" >&2
  exit 2
}

step_test() { # run the unit tests: unit.xml (JUnit), coverage.xml (Cobertura)
  python3 app/run_tests.py "$REPORTS" "$MINIMUM_COVERAGE" portal/messages.py
}

step_build() { # build the image, with the version as its tag
  versioned
  docker build ${BASE:+--build-arg "BASE=$BASE"} --build-arg "RELEASE=$VERSION" --tag "$IMAGE:$VERSION" app
}

step_push() { # push it, and write it into the overlay by tag and digest
  versioned
  docker push "$IMAGE:$VERSION"
  digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$IMAGE:$VERSION" \
    | awk -v name="$IMAGE@" 'index($0, name) == 1 {print substr($0, length(name) + 1); exit}')
  [ -n "$digest" ] || fail "the registry gave no digest of $IMAGE:$VERSION"
  pin portal_app "$IMAGE:$VERSION@$digest"
}

step_check() { # check the overlay, without a cluster: validate.xml (JUnit)
  kubectl ailtire validate -k "$OVERLAY" --output junit > "$REPORTS/validate.xml"
}

step_diff() { # what a deployment would change, for the pull request: diff.md (Markdown)
  code=0
  kubectl ailtire diff -k "$OVERLAY" --output markdown > "$REPORTS/diff.md" || code=$?
  # 1 says that there are differences.
  [ "$code" -le 1 ] || return "$code"
}

step_deploy() { # apply the overlay and wait until it is ready; the exit code says how it ended: wait.json
  if ! kubectl apply --server-side -k "$OVERLAY"; then
    step_notify "not taken"
    return 1
  fi
  code=0
  kubectl ailtire wait "$STACK" -n "$NAMESPACE" --timeout "$TIMEOUT" --logs "$LOG_LINES" --output json \
    > "$REPORTS/wait.json" || code=$?
  step_notify "$(outcome "$code")"
  return "$code"
}

step_reproduce() { # write the images that a revision of FROM ran with into this overlay; then deploy
  revision=${REVISION:-$(newest_revision)}
  [ -n "$revision" ] || fail "there is no revision of $STACK in $FROM"
  kubectl ailtire history "$STACK" -n "$FROM" --revision "$revision" --output yaml > "$REPORTS/revision.yaml"
  # Its templates are in there, too; the images are the root's.
  kubectl create --dry-run=client -n "$FROM" -f "$REPORTS/revision.yaml" --output go-template="{{if eq .metadata.name \"$STACK\"}}\
{{range \$name, \$image := .spec.images}}{{\$name}} {{\$image}}{{\"\\n\"}}{{end}}{{end}}" > "$REPORTS/images"
  [ -s "$REPORTS/images" ] || fail "revision $revision of $STACK in $FROM names no images"
  while read -r name image; do
    case $image in
      *@sha256:*) ;;
      *) printf 'note: %s has no digest, and its tag may have been moved: %s\n' "$name" "$image" >&2 ;;
    esac
    pin "$name" "$image"
  done < "$REPORTS/images"
  printf 'the images of revision %s of %s are in %s\n' "$revision" "$FROM" "$OVERLAY/images.yaml"
}

step_notify() { # tell NOTIFY_URL how it ended
  [ -n "${NOTIFY_URL:-}" ] || return 0
  text=$(printf '%s %s in %s: %s' "$STACK" "$VERSION" "$NAMESPACE" "${1:-delivered}" | tr -d '[:cntrl:]' | sed 's/[\\"]/\\&/g')
  # Who cannot be told is no reason to call a release bad.
  curl --silent --show-error --fail --max-time 10 --header 'Content-Type: application/json' \
    --data "{\"text\": \"$text\"}" --output /dev/null "$NOTIFY_URL" || echo "delivery.sh: nobody was notified" >&2
}

versioned() {
  [ -n "$VERSION" ] || fail "say VERSION: this is no git repository"
}

outcome() {
  case $1 in
    0) echo ready ;;
    3) echo failed ;;
    4) echo "timed out" ;;
    6) echo "rolled back" ;;
    7) echo "suspended or stopped" ;;
    *) echo "not known (exit code $1)" ;;
  esac
}

newest_revision() {
  kubectl get controllerrevisions.apps -n "$FROM" -l "ailtire.io/revision,ailtire.io/stack=$STACK" \
    --sort-by=.revision --output 'jsonpath={range .items[*]}{.revision}{"\n"}{end}' | tail -n 1
}

# pin NAME IMAGE: the value of a name in images.yaml; the comment behind it stays.
pin() {
  case $1$2 in *[!A-Za-z0-9._:/@-]*) fail "no image: $1 $2" ;; esac
  file=$OVERLAY/images.yaml
  grep -q "^    $1: " "$file" || fail "$file has no image $1"
  sed "s|^    $1: [^ ]*|    $1: $2|" "$file" > "$file.new"
  mv "$file.new" "$file"
}

# The folder is this file's by now.
steps() {
  sed -n 's/^step_\([a-z]*\)() { # /  \1  /p' "$(basename "$0")"
}

if [ $# -eq 0 ]; then
  echo "usage: ./delivery.sh STEP [STEP...]"
  steps
  exit 2
fi
known=" $(steps | awk '{print $1}' | tr '\n' ' ')"
for step in "$@"; do
  case $known in *" $step "*) ;; *) fail "there is no step $step" ;; esac
done
mkdir -p "$REPORTS"
for step in "$@"; do
  "step_$step"
done
