{{/*
The chart has the objects of manifests/ as they are, in files/ ("make chart" copies them), so that it installs what
kustomize does. These templates give such an object this release's namespace, labels and annotations.
*/}}

{{/* Labels of every object, beside those that it has: a dictionary as YAML. */}}
{{- define "ailtire-operator.labels" -}}
app.kubernetes.io/part-of: ailtire
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Metadata for an object that stands in a template: takes a list of the root context and the object's own metadata. */}}
{{- define "ailtire-operator.metadata" -}}
{{- $root := index . 0 }}
{{- $own := index . 1 }}
{{- $labels := merge (dict) ($own.labels | default dict) (include "ailtire-operator.labels" $root | fromYaml) }}
{{- $annotations := merge (dict) ($own.annotations | default dict) $root.Values.commonAnnotations }}
{{- $metadata := merge (dict "labels" $labels) (omit $own "labels" "annotations") }}
{{- if $annotations }}{{ $_ := set $metadata "annotations" $annotations }}{{ end }}
{{- toYaml $metadata }}
{{- end }}

{{/*
All objects of a file: takes root, file, and, if they are to be in another namespace than the release's, namespace;
kinds, if not all are wanted; namespaced makes Roles of ClusterRoles; labels and annotations are for these objects alone.
*/}}
{{- define "ailtire-operator.objects" -}}
{{- $root := .root }}
{{- $release := $root.Release.Namespace }}
{{- $here := . }}
{{- range $document := regexSplit "(?m)^---$" ($root.Files.Get .file) -1 }}
{{- with fromYaml $document }}
{{- if or (not $here.kinds) (has .kind $here.kinds) }}
{{- $metadata := .metadata }}
{{- if $here.namespaced }}
{{- $_ := set . "kind" (trimPrefix "Cluster" .kind) }}
{{- with .roleRef }}{{ $_ := set . "kind" (trimPrefix "Cluster" .kind) }}{{ end }}
{{- end }}
{{- if $here.namespace }}
{{- $_ := set $metadata "namespace" $here.namespace }}
{{- else if $metadata.namespace }}
{{- $_ := set $metadata "namespace" $release }}
{{- end }}
{{- if eq .kind "Namespace" }}{{ $_ := set $metadata "name" $release }}{{ end }}
{{- $_ := set $metadata "labels" (merge (dict) ($here.labels | default dict) ($metadata.labels | default dict)) }}
{{- $_ := set $metadata "annotations" (merge (dict) ($here.annotations | default dict) ($metadata.annotations | default dict)) }}
{{- $_ := set . "metadata" (include "ailtire-operator.metadata" (list $root $metadata) | fromYaml) }}
{{- range .subjects }}{{ $_ := set . "namespace" $release }}{{ end }}
{{- with (.spec | default dict).paramRef }}{{ $_ := set . "namespace" $release }}{{ end }}
---
{{ toYaml . }}
{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The operator's image: a digest comes after the tag, and alone decides. */}}
{{- define "ailtire-operator.image" -}}
{{- with .Values.image -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* The operator's settings as variables: settings.gatewayImage is AILTIRE_OPERATOR_GATEWAY_IMAGE. */}}
{{- define "ailtire-operator.settings" -}}
{{- with .Values.scope.namespaces }}
- name: AILTIRE_OPERATOR_NAMESPACE
  value: {{ join "," . | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- if kindIs "map" $value }}
{{- $pairs := list }}
{{- range $key, $resource := $value }}{{ $pairs = append $pairs (printf "%s=%s" $key $resource) }}{{ end }}
{{- $value = join "," $pairs }}
{{- else if kindIs "slice" $value }}
{{- $value = join "," $value }}
{{- end }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- name: AILTIRE_OPERATOR_{{ $name | snakecase | upper }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- end }}
