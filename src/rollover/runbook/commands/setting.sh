# Has every istiod ISTIO_MULTIROOT_MESH? Looks only. Exit 0: yes.
set -eu
all=$(kubectl -n {{namespace}} get deployment -l app=istiod -o json)
lacking=$(printf '%s' "$all" | jq -r '
  if .items == [] then "no Deployment with the label app=istiod" else .items[]
  | select(any(.spec.template.spec.containers[].env[]?;
      .name == "ISTIO_MULTIROOT_MESH" and .value == "true") | not)
  | .metadata.name + " lacks ISTIO_MULTIROOT_MESH" end')
if [ -n "$lacking" ]; then
  echo "$lacking: stage 0 is not in force" >&2
  exit 1
fi
echo "every istiod has ISTIO_MULTIROOT_MESH"
