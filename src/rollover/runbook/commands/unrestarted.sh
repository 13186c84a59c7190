# Which pods have a proxy without PROXY_CONFIG_XDS_AGENT? Looks only. Exit 0:
# none. Prints namespace, pod, and what owns it.
set -eu
all=$(kubectl get pods -A -o json)
lacking=$(printf '%s' "$all" | jq -r '
  .items[] | select(.status.phase == "Running" or .status.phase == "Pending")
  | .metadata as $pod | .spec.containers[], .spec.initContainers[]?
  | select(.name == "istio-proxy")
  | select(any(.env[]?; .name == "PROXY_CONFIG_XDS_AGENT" and .value == "true")
      | not)
  | [$pod.namespace, $pod.name,
      ($pod.ownerReferences[0]? | (.kind // "") + "/" + (.name // ""))]
  | join("  ")')
if [ -n "$lacking" ]; then
  echo "$lacking"
  exit 1
fi
echo "every proxy has PROXY_CONFIG_XDS_AGENT"
